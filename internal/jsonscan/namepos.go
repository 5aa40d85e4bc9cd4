package jsonscan

// NamePos returns the index of the opening quote of the current member's name,
// for whoever remembers where names are instead of slices of b.
func (o *ObjectWalk) NamePos() int { return o.name }

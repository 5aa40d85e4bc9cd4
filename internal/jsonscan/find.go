package jsonscan

// Find returns the value at path, a chain of member names, in the JSON text b:
// the first member of each name. It is nil where the path ends early or goes
// through something that is not an object. It stops at the value: what follows
// is not validated.
func Find(b []byte, path ...string) ([]byte, error) {
	i := Space(b, 0)
next:
	for _, name := range path {
		if KindAt(b, i) != Object {
			_, err := Skip(b, i)
			return nil, err
		}
		o := WalkObject(b, i)
		for o.Next() {
			if EqualString(o.NameToken(), name) {
				i = o.Pos()
				continue next
			}
		}
		return nil, o.Err()
	}
	end, err := Skip(b, i)
	if err != nil {
		return nil, err
	}
	return b[i:end], nil
}

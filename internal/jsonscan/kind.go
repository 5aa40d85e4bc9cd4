package jsonscan

// Kind is the type of a JSON value.
type Kind uint8

const (
	Invalid Kind = iota // no value can start here
	Null
	False
	True
	Number
	String
	Array
	Object
)

var kinds = [256]Kind{
	'n': Null, 'f': False, 't': True, '"': String, '[': Array, '{': Object, '-': Number,
	'0': Number, '1': Number, '2': Number, '3': Number, '4': Number,
	'5': Number, '6': Number, '7': Number, '8': Number, '9': Number,
}

// KindAt returns the kind of the value whose first byte is b[i], judged by that
// byte alone. It is Invalid if no value starts with it or i is past the end.
func KindAt(b []byte, i int) Kind {
	if uint(i) >= uint(len(b)) {
		return Invalid
	}
	return kinds[b[i]]
}

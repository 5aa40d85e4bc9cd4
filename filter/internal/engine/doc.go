// Package engine matches events against compiled patterns in one pass over
// their bytes, without allocating.
//
// [Compile] brings the fields of all patterns into one trie of path segments.
// The scanner walks the event and the trie together: what no pattern names is
// skipped, though validated, and a scalar that stands at a node is tested
// there. Outside of arrays of objects a test that holds sets a bit, and the
// verdict is a comparison of masks. Inside, it becomes a candidate with the
// element it is in, and the verdict is a search for candidates that agree on
// one element of each array (solve.go).
//
// Nothing is rejected before the end of an event: a key may be repeated, and
// then any of its values counts; and what is malformed has to be an error.
package engine

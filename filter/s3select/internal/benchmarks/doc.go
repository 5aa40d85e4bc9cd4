// Package benchmarks compares the select engine with what else a function could
// do with the bytes of an object. It is a module of its own: the peers are no
// dependency of the library.
package benchmarks

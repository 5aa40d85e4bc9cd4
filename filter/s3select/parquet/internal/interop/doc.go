// Package interop holds package parquet against files of other writers.
package interop

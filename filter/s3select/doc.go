// Package s3select fetches only the rows and columns that a function needs from
// an object in S3, with the SQL of S3 Select, on any account.
package s3select

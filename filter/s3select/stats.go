package s3select

// Stats is what a query has read and returned.
type Stats struct {
	BytesScanned   int64 // read from the object, compressed as it is
	BytesProcessed int64 // of the object, decompressed
	BytesReturned  int64 // of the result
	Records        int64 // of the input; 0 where S3 ran the query
	Rows           int64 // of the result
}

package s3select

// Stats is what a query has read and returned, and what that costs.
type Stats struct {
	Backend        Backend // who ran the query, Local or Server
	BytesScanned   int64   // read from the object, compressed as it is
	BytesProcessed int64   // of the object, decompressed
	BytesReturned  int64   // of the result
	Records        int64   // of the input; 0 where S3 ran the query
	Rows           int64   // of the result
	Requests       int64   // to S3
}

// Prices in USD of us-east-1 (https://aws.amazon.com/s3/pricing/): a GET or SELECT
// request, and, per GB, what SELECT scans and returns.
const (
	priceRequest  = 0.0004 / 1000
	priceScanned  = 0.002 / 1e9
	priceReturned = 0.0007 / 1e9
)

// Cost is what S3 charges for the query, in USD, at the prices of us-east-1. The
// function's own time is not in it.
func (s Stats) Cost() float64 {
	usd := float64(s.Requests) * priceRequest
	if s.Backend == Server {
		usd += float64(s.BytesScanned)*priceScanned + float64(s.BytesReturned)*priceReturned
	}
	return usd
}

// add sums up the parts of a query.
func (s *Stats) add(o Stats) {
	s.Backend = o.Backend
	s.BytesScanned += o.BytesScanned
	s.BytesProcessed += o.BytesProcessed
	s.BytesReturned += o.BytesReturned
	s.Records += o.Records
	s.Rows += o.Rows
	s.Requests += o.Requests
}

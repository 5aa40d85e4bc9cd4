package metrics

// WriteThrough is what the middleware's timer does at the flush margin.
func (r Recorder) WriteThrough() { r.writeThrough() }

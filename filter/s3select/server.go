package s3select

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/lambdatune/lambdatune/filter/s3select/internal/engine"
)

// runServer has S3 run the query, over a scan range or all of the object.
func runServer(ctx context.Context, client Client, obj *Object, q *Query, scan *scanRange, emit func([]byte) error) (Stats, error) {
	stats := Stats{Backend: Server, Requests: 1}
	in, cfg, err := request(obj, q)
	if err != nil {
		return stats, err
	}
	if scan != nil {
		in.ScanRange = &types.ScanRange{Start: &scan.start}
		if scan.end > 0 {
			in.ScanRange.End = &scan.end
		}
	}
	selector, ok := client.(interface {
		SelectObjectContent(ctx context.Context, in *s3.SelectObjectContentInput, opts ...func(*s3.Options)) (*s3.SelectObjectContentOutput, error)
	})
	if !ok {
		return stats, fmt.Errorf("s3select: the client %T has no SelectObjectContent", client)
	}
	out, err := selector.SelectObjectContent(ctx, in)
	if err != nil {
		return stats, serverError(err)
	}
	stream := out.GetStream()
	defer stream.Close()
	split := splitter{cfg: cfg, emit: emit, rows: &stats.Rows}
	done := false
	for event := range stream.Events() {
		switch e := event.(type) {
		case *types.SelectObjectContentEventStreamMemberRecords:
			stats.BytesReturned += int64(len(e.Value.Payload))
			if err := split.add(e.Value.Payload); err == engine.ErrStop {
				return stats, nil
			} else if err != nil {
				return stats, err
			}
		case *types.SelectObjectContentEventStreamMemberStats:
			if d := e.Value.Details; d != nil {
				stats.BytesScanned = aws.ToInt64(d.BytesScanned)
				stats.BytesProcessed = aws.ToInt64(d.BytesProcessed)
				stats.BytesReturned = aws.ToInt64(d.BytesReturned)
			}
		case *types.SelectObjectContentEventStreamMemberEnd:
			done = true
		}
	}
	if err := stream.Err(); err != nil {
		var api smithy.APIError
		if errors.As(err, &api) || ctx.Err() != nil {
			return stats, serverError(err)
		}
		return stats, fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	switch {
	case ctx.Err() != nil:
		return stats, ctx.Err()
	case !done:
		return stats, fmt.Errorf("%w: the event stream has no End event", ErrTruncated)
	case len(split.rest) > 0:
		return stats, fmt.Errorf("%w: the last record has no delimiter", ErrTruncated)
	}
	return stats, nil
}

// serverError gives an error of S3 the package's type; the cause stays inside.
func serverError(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	return &Error{Code: api.ErrorCode(), Message: api.ErrorMessage(), Offset: -1, Err: err}
}

// request is the query in S3's words.
func request(obj *Object, q *Query) (*s3.SelectObjectContentInput, engine.Config, error) {
	cfg, err := q.config()
	if err != nil {
		return nil, cfg, err
	}
	sel, err := q.parse()
	if err != nil {
		return nil, cfg, err
	}
	expression := q.SQL
	if q.Statement != nil {
		expression = q.Statement.sql
	}
	if len(q.Params) > 0 {
		expression = sel.String()
	}
	in := &s3.SelectObjectContentInput{
		Bucket: &obj.Bucket, Key: &obj.Key,
		Expression: &expression, ExpressionType: types.ExpressionTypeSql,
		InputSerialization:  &types.InputSerialization{CompressionType: types.CompressionType(upper(q.Input.Compression, "NONE"))},
		OutputSerialization: &types.OutputSerialization{},
	}
	if obj.ExpectedBucketOwner != "" {
		in.ExpectedBucketOwner = &obj.ExpectedBucketOwner
	}
	if cfg.Columns {
		in.InputSerialization.Parquet = &types.ParquetInput{}
	} else if cfg.JSON {
		in.InputSerialization.JSON = &types.JSONInput{Type: types.JSONType(upper(q.Input.JSON.Type, "LINES"))}
	} else {
		c := q.Input.CSV
		in.InputSerialization.CSV = &types.CSVInput{
			FileHeaderInfo:             types.FileHeaderInfo(upper(c.FileHeaderInfo, "NONE")),
			FieldDelimiter:             given(c.FieldDelimiter),
			RecordDelimiter:            given(c.RecordDelimiter),
			QuoteCharacter:             given(c.QuoteCharacter),
			QuoteEscapeCharacter:       given(c.QuoteEscapeCharacter),
			Comments:                   given(c.Comments),
			AllowQuotedRecordDelimiter: &c.AllowQuotedRecordDelimiter,
		}
	}
	if cfg.OutJSON {
		in.OutputSerialization.JSON = &types.JSONOutput{RecordDelimiter: &cfg.Record}
	} else {
		c := q.Output.CSV
		in.OutputSerialization.CSV = &types.CSVOutput{
			QuoteFields:          types.QuoteFields(upper(c.QuoteFields, "ASNEEDED")),
			FieldDelimiter:       given(c.FieldDelimiter),
			RecordDelimiter:      &cfg.OutCSV.Record,
			QuoteCharacter:       given(c.QuoteCharacter),
			QuoteEscapeCharacter: given(c.QuoteEscapeCharacter),
		}
	}
	return in, cfg, nil
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// A splitter joins what messages cut, and gives away whole records with their
// delimiters.
type splitter struct {
	cfg  engine.Config
	emit func([]byte) error
	rest []byte // of a record whose end has not come
	rows *int64
}

func (s *splitter) add(payload []byte) error {
	b := payload
	if len(s.rest) > 0 {
		s.rest = append(s.rest, payload...)
		b = s.rest
	}
	for {
		n, err := s.next(b)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		*s.rows++
		if err := s.emit(b[:n:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	s.rest = append(s.rest[:0], b...)
	if len(s.rest) > 2*engine.MaxRecord {
		return &Error{Code: "OverMaxRecordSize", Message: "a record of the result has more than 2 MiB", Offset: -1}
	}
	return nil
}

// next is the length of the first whole record, 0 if there is none.
func (s *splitter) next(b []byte) (int, error) {
	if !s.cfg.OutJSON {
		return s.cfg.OutCSV.Next(b)
	}
	if i := bytes.Index(b, []byte(s.cfg.Record)); i >= 0 {
		return i + len(s.cfg.Record), nil
	}
	return 0, nil
}

package record

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// The first bytes of what serializers of schema registries write. No message begins
// with either, as there is no field 0.
const (
	confluent = 0x00
	glue      = 0x03
)

func framed(first byte) bool { return first == confluent || first == glue }

var errFrame = errors.New("what a schema registry's serializer put before its message is broken")

// unframe takes off what stands before a message:
//
//   - Confluent: a zero, the schema's ID in four bytes, and the path of the
//     message type within the schema, zigzag varints with their count first; a zero
//     alone is the first type.
//     https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
//   - AWS Glue: a three, how the rest is compressed, the schema version's ID in 16
//     bytes, and the number of the type, a varint. Compression is not undone.
//     https://github.com/awslabs/aws-glue-schema-registry
//
// Where the event source mapping has a schema registry, it tells the schema's ID and
// has taken it off, and what follows that is still there: the ID of Glue is a UUID.
// https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html
func unframe(b []byte, schemaID string) ([]byte, error) {
	isGlue := len(schemaID) > 20
	if schemaID == "" {
		head := 5
		if isGlue = b[0] == glue; isGlue {
			head = 18
			if len(b) > 1 && b[1] != 0 {
				return nil, errors.New("its message is compressed by the AWS Glue serializer, which is not undone")
			}
		}
		if len(b) < head {
			return nil, errFrame
		}
		b = b[head:]
	}
	count, n := protowire.ConsumeVarint(b)
	if n < 0 {
		return nil, errFrame
	}
	b = b[n:]
	if isGlue {
		return b, nil
	}
	for range uint64(protowire.DecodeZigZag(count)) {
		if _, n = protowire.ConsumeVarint(b); n < 0 {
			return nil, errFrame
		}
		b = b[n:]
	}
	return b, nil
}

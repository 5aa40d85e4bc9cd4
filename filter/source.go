package filter

import "github.com/lambdatune/lambdatune/filter/internal/engine"

// A Source is an event source that can be filtered: [SQS], [Kinesis],
// [DynamoDB], [Kafka] or [MQ], or [Generic] for plain events. Each is also the
// beginning of the typed patterns for its records.
type Source interface {
	String() string
	traits() *traits
}

// The sources.
var (
	// Generic is a bare EventBridge pattern over a bare JSON event: no limits, no
	// decoding, and all of EventBridge's operators.
	Generic GenericSource
	// SQS is Amazon SQS. The data is under body: text, or JSON if the text is.
	SQS SQSSource
	// Kinesis is Kinesis Data Streams. The data is under data (not under
	// kinesis.data, where the function sees it) and has to be JSON.
	Kinesis KinesisSource
	// DynamoDB is DynamoDB Streams. The data is under dynamodb.
	DynamoDB DynamoDBSource
	// Kafka is Amazon MSK and self-managed Apache Kafka. The data is under value,
	// and key: text, or JSON if the text is.
	Kafka KafkaSource
	// MQ is Amazon MQ, both Apache ActiveMQ and RabbitMQ. The data is under data:
	// text, or JSON if the text is.
	MQ MQSource
)

// The types of the sources. They have no state.
type (
	GenericSource  struct{} // of [Generic]
	SQSSource      struct{} // of [SQS]
	KinesisSource  struct{} // of [Kinesis]
	DynamoDBSource struct{} // of [DynamoDB]
	KafkaSource    struct{} // of [Kafka]
	MQSource       struct{} // of [MQ]
)

func (GenericSource) String() string  { return genericTraits.name }
func (SQSSource) String() string      { return sqsTraits.name }
func (KinesisSource) String() string  { return kinesisTraits.name }
func (DynamoDBSource) String() string { return dynamoDBTraits.name }
func (KafkaSource) String() string    { return kafkaTraits.name }
func (MQSource) String() string       { return mqTraits.name }

func (GenericSource) traits() *traits  { return &genericTraits }
func (SQSSource) traits() *traits      { return &sqsTraits }
func (KinesisSource) traits() *traits  { return &kinesisTraits }
func (DynamoDBSource) traits() *traits { return &dynamoDBTraits }
func (KafkaSource) traits() *traits    { return &kafkaTraits }
func (MQSource) traits() *traits       { return &mqTraits }

// traits is what the package knows of a source.
type traits struct {
	name       string
	layout     engine.Layout
	lists      []string // members of a payload that hold records: an array, or an object of arrays
	data       string   // the data's key
	jsonOnly   bool     // a plain rule for the data is refused
	documented []string // keys that the guide lets filter
	known      []string // further keys of a record
	delivered  string   // what becomes of a record that matches
	passedOver string   // and of one that doesn't
	advice     string
}

// added are keys that the poller adds to a record. No filter sees them (guide
// of EventBridge Pipes, whose pollers are Lambda's).
var added = []string{"awsRegion", "eventSource", "eventSourceARN", "eventVersion", "eventID", "eventName", "invokeIdentityArn"}

var genericTraits = traits{
	name:       "Generic",
	delivered:  "matched",
	passedOver: "not matched",
}

var sqsTraits = traits{
	name:       "SQS",
	layout:     engine.Layout{Data: []engine.Data{{Key: "body"}}, Hidden: added},
	lists:      []string{"Records"},
	data:       "body",
	documented: []string{"body"},
	known:      []string{"messageId", "receiptHandle", "attributes", "messageAttributes", "md5OfBody", "md5OfMessageAttributes"},
	delivered:  "Lambda delivers the message to the function.",
	passedOver: "Lambda deletes the message from the queue: it never reaches the function, nor a dead-letter queue.",
	advice: "If such a message may be wanted later, fan out through an SNS topic to a queue per consumer, " +
		"each with its own filter, instead of filtering the only queue.",
}

var kinesisTraits = traits{
	name:       "Kinesis",
	layout:     engine.Layout{Data: []engine.Data{{Key: "data", Base64: true}}, Inner: "kinesis", Hidden: added},
	lists:      []string{"Records"},
	data:       "data",
	jsonOnly:   true,
	documented: []string{"data"},
	known:      []string{"partitionKey", "sequenceNumber", "kinesisSchemaVersion", "approximateArrivalTimestamp", "encryptionType"},
	delivered:  "Lambda delivers the record to the function.",
	passedOver: "Lambda skips the record and advances the shard's iterator: it stays in the stream for other consumers, " +
		"and has consumed read capacity all the same (2 MB/s a shard).",
}

var dynamoDBTraits = traits{
	name:       "DynamoDB",
	lists:      []string{"Records"},
	data:       "dynamodb",
	jsonOnly:   true,
	documented: []string{"dynamodb", "eventName", "eventID"},
	known:      []string{"awsRegion", "eventSource", "eventSourceARN", "eventVersion", "userIdentity"},
	delivered:  "Lambda delivers the record to the function.",
	passedOver: "Lambda skips the record and advances the shard's iterator: it stays in the stream for other consumers.",
}

var kafkaTraits = traits{
	name:       "Kafka",
	layout:     engine.Layout{Data: []engine.Data{{Key: "value", Base64: true}, {Key: "key", Base64: true}}, Keep: true},
	lists:      []string{"records"},
	data:       "value",
	documented: []string{"value", "key"},
	known:      []string{"topic", "partition", "offset", "timestamp", "timestampType", "headers"},
	delivered:  "Lambda delivers the record to the function.",
	passedOver: "Lambda skips the record; its offset is committed with the next successful invocation.",
}

var mqTraits = traits{
	name:       "MQ",
	layout:     engine.Layout{Data: []engine.Data{{Key: "data", Base64: true}}, Keep: true},
	lists:      []string{"messages", "rmqMessagesByQueue"},
	data:       "data",
	documented: []string{"data"},
	known: []string{"messageID", "messageType", "timestamp", "deliveryMode", "correlationID", "replyTo", "destination",
		"redelivered", "type", "expiration", "priority", "brokerInTime", "brokerOutTime", "properties", "connectionId", "persistent",
		"basicProperties"},
	delivered:  "Lambda delivers the message to the function.",
	passedOver: "Lambda acknowledges the message to the broker, which removes it: it never reaches the function.",
	advice:     "If such a message may be wanted later, publish to a topic or exchange with a queue per consumer.",
}

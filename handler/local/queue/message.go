package queue

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Message is what a producer sends.
type Message struct {
	// Body is 1 byte to 1 MiB, together with the attributes, of the characters
	// that XML 1.0 allows: no control characters but tab, line feed and
	// carriage return.
	Body string
	// GroupID is the message group: required in a FIFO queue, where it orders
	// the messages, optional in a standard one, where it is only passed on. 1
	// to 128 letters, digits and punctuation.
	GroupID string
	// DeduplicationID drops, in a FIFO queue, a message that was sent within
	// the last 5 minutes. Empty means the SHA-256 of the body, which needs
	// [Config.ContentBasedDeduplication]. Characters as in GroupID.
	DeduplicationID string
	// Attributes are the message attributes, at most 10.
	Attributes map[string]Attribute
	// TraceHeader is the X-Ray header, the system attribute AWSTraceHeader.
	TraceHeader string
	// SenderID is who sent it. Empty means "AIDALOCAL".
	SenderID string
}

// Attribute is a message attribute. Its DataType is String, Number or Binary,
// alone or with a custom label behind a dot; Binary has BinaryValue, the others
// StringValue.
type Attribute struct {
	DataType    string
	StringValue string
	BinaryValue []byte
}

func (a Attribute) binary() bool { return strings.HasPrefix(a.DataType, "Binary") }

// Received is a message in a queue, and what the queue knows of it.
type Received struct {
	Message
	// ID is a UUID.
	ID string
	// ReceiptHandle is what the message is deleted by: a new one with each
	// receipt. Empty in what [Queue.Messages] returns.
	ReceiptHandle string
	// SequenceNumber is 20 digits, ascending within a FIFO queue. Empty in a
	// standard one.
	SequenceNumber string
	// ReceiveCount is how many times the message was received.
	ReceiveCount int
	// Sent is when it was sent, FirstReceived when it was first received: zero
	// if never.
	Sent, FirstReceived time.Time
	// VisibleAt is when the visibility timeout ends. Zero in a message that is
	// not in flight.
	VisibleAt time.Time
	// DeadLetterSource is the ARN of the queue that it came from to a
	// dead-letter queue.
	DeadLetterSource string
}

// maxMessageSize is the service's limit since August 2025:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const maxMessageSize = 1 << 20

var (
	idPattern        = regexp.MustCompile("^[A-Za-z0-9!-/:-@\\[-`{-~]{1,128}$")
	attributePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`)
	dataTypePattern  = regexp.MustCompile(`^(String|Number|Binary)(\..+)?$`)
)

// check returns what the service would refuse.
func (m *Message) check(fifo, contentBased bool) error {
	if m.Body == "" {
		return fmt.Errorf("queue: message without a body: want 1 byte to 1 MiB")
	}
	size := len(m.Body)
	if at := badCharacter(m.Body); at >= 0 {
		return fmt.Errorf("queue: byte %d of the message body begins a character that SQS refuses: want UTF-8 without control characters but tab, line feed and carriage return", at)
	}
	switch {
	case fifo && m.GroupID == "":
		return fmt.Errorf("queue: message without a MessageGroupId: a FIFO queue requires it")
	case m.GroupID != "" && !idPattern.MatchString(m.GroupID):
		return fmt.Errorf("queue: MessageGroupId %q: want 1 to 128 letters, digits and punctuation", m.GroupID)
	case !fifo && m.DeduplicationID != "":
		return fmt.Errorf("queue: MessageDeduplicationId in a message to a standard queue: only a FIFO queue takes it")
	case fifo && m.DeduplicationID == "" && !contentBased:
		return fmt.Errorf("queue: message without a MessageDeduplicationId: a FIFO queue requires it, unless it deduplicates by content")
	case m.DeduplicationID != "" && !idPattern.MatchString(m.DeduplicationID):
		return fmt.Errorf("queue: MessageDeduplicationId %q: want 1 to 128 letters, digits and punctuation", m.DeduplicationID)
	case len(m.Attributes) > 10:
		return fmt.Errorf("queue: %d message attributes: want at most 10", len(m.Attributes))
	}
	for name, a := range m.Attributes {
		lower := strings.ToLower(name)
		switch {
		case !attributePattern.MatchString(name), strings.HasPrefix(lower, "aws."), strings.HasPrefix(lower, "amazon."):
			return fmt.Errorf("queue: message attribute %q: want a name of 1 to 256 letters, digits, underscores, hyphens and periods that begins with neither AWS. nor Amazon. in any case", name)
		case !dataTypePattern.MatchString(a.DataType) || len(a.DataType) > 256:
			return fmt.Errorf("queue: message attribute %s has the data type %q: want String, Number or Binary, alone or with a label such as Number.int", name, a.DataType)
		case a.binary() != (a.BinaryValue != nil) || a.binary() != (a.StringValue == ""):
			return fmt.Errorf("queue: message attribute %s is %s: want a BinaryValue if it is Binary, else a StringValue that is not empty", name, a.DataType)
		case badCharacter(a.StringValue) >= 0:
			return fmt.Errorf("queue: message attribute %s has a character that SQS refuses", name)
		}
		size += len(name) + len(a.DataType) + len(a.StringValue) + len(a.BinaryValue)
	}
	if size > maxMessageSize {
		return fmt.Errorf("queue: message of %d bytes: want at most %d, attributes included", size, maxMessageSize)
	}
	return nil
}

// badCharacter is where the first character is that SendMessage refuses, or -1.
func badCharacter(s string) int {
	for i, r := range s {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r < 0xFFFD, r > 0xFFFF:
		case r == utf8.RuneError:
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		default:
			return i
		}
	}
	return -1
}

// clone protects the queue from later changes of a message by its sender, and
// of what it hands out.
func (m Message) clone() Message {
	m.Attributes = maps.Clone(m.Attributes)
	for name, a := range m.Attributes {
		a.BinaryValue = bytes.Clone(a.BinaryValue)
		m.Attributes[name] = a
	}
	return m
}

func md5Hex(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// md5OfAttributes is computed as
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
// describes it.
func md5OfAttributes(attributes map[string]Attribute) string {
	var b []byte
	put := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		put(name)
		put(a.DataType)
		if a.binary() {
			b = append(b, 2)
			put(string(a.BinaryValue))
		} else {
			b = append(b, 1)
			put(a.StringValue)
		}
	}
	return md5Hex(b)
}

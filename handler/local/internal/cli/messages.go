package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/lambdatune/lambdatune/handler/local/queue"
)

// sourced is a message, and where it stands.
type sourced struct {
	message queue.Message
	source  string
}

// onlyGroup is the group of messages that name none.
const onlyGroup = "all"

func readMessages(o *options, stdin io.Reader) ([]sourced, error) {
	list, err := readEvents(o.event, stdin)
	if err != nil {
		return nil, err
	}
	var all []sourced
	for _, e := range list {
		messages, err := messagesOf(e.Payload)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Source, err)
		}
		for _, m := range messages {
			if o.queue.FIFO && m.GroupID == "" {
				if m.GroupID, err = groupOf(m.Body, o.group); err != nil {
					return nil, fmt.Errorf("%s: %w", e.Source, err)
				}
			}
			if !o.queue.FIFO {
				m.DeduplicationID = "" // an event of a FIFO queue is as good
			}
			all = append(all, sourced{m, e.Source})
		}
	}
	return all, nil
}

// messagesOf reads a line: a body, an entry of send-message-batch, or an event
// of a queue.
func messagesOf(payload []byte) ([]queue.Message, error) {
	var text string
	if json.Unmarshal(payload, &text) == nil && payload[0] == '"' {
		return []queue.Message{{Body: text}}, nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) == nil {
		if _, ok := members["MessageBody"]; ok {
			m, err := entry(payload)
			return []queue.Message{m}, err
		}
		if messages, ok := recordsOf(members["Records"]); ok {
			return messages, nil
		}
	}
	return []queue.Message{{Body: string(payload)}}, nil
}

// attribute is a message attribute, in the form of the API or that of an event.
type attribute struct {
	DataType    string
	StringValue string
	BinaryValue []byte
}

func attributes(in map[string]attribute) map[string]queue.Attribute {
	var out map[string]queue.Attribute
	for name, a := range in {
		if out == nil {
			out = map[string]queue.Attribute{}
		}
		out[name] = queue.Attribute{DataType: a.DataType, StringValue: a.StringValue, BinaryValue: a.BinaryValue}
	}
	return out
}

func entry(payload []byte) (queue.Message, error) {
	var e struct {
		ID                      string `json:"Id"`
		QueueURL                string `json:"QueueUrl"`
		MessageBody             string
		MessageGroupID          string `json:"MessageGroupId"`
		MessageDeduplicationID  string `json:"MessageDeduplicationId"`
		MessageAttributes       map[string]attribute
		MessageSystemAttributes map[string]attribute
		DelaySeconds            int
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return queue.Message{}, fmt.Errorf("entry with a MessageBody: %w", err)
	}
	if e.DelaySeconds != 0 {
		return queue.Message{}, errors.New("entry with DelaySeconds: the queue delays no message")
	}
	return queue.Message{
		Body: e.MessageBody, GroupID: e.MessageGroupID, DeduplicationID: e.MessageDeduplicationID,
		Attributes: attributes(e.MessageAttributes), TraceHeader: e.MessageSystemAttributes["AWSTraceHeader"].StringValue,
	}, nil
}

// recordsOf are the messages of an event, if it is one of a queue.
func recordsOf(list json.RawMessage) ([]queue.Message, bool) {
	var records []struct {
		Body              string
		EventSource       string
		Attributes        struct{ MessageGroupID, MessageDeduplicationID, SenderID, AWSTraceHeader string }
		MessageAttributes map[string]attribute
	}
	if json.Unmarshal(list, &records) != nil || len(records) == 0 {
		return nil, false
	}
	var all []queue.Message
	for _, r := range records {
		if r.EventSource != "aws:sqs" {
			return nil, false
		}
		all = append(all, queue.Message{
			Body: r.Body, GroupID: r.Attributes.MessageGroupID, DeduplicationID: r.Attributes.MessageDeduplicationID,
			SenderID: r.Attributes.SenderID, TraceHeader: r.Attributes.AWSTraceHeader, Attributes: attributes(r.MessageAttributes),
		})
	}
	return all, true
}

// groupOf is the value of a member of the body: a string, or another value as
// it stands.
func groupOf(body, member string) (string, error) {
	if member == "" {
		return onlyGroup, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		return "", fmt.Errorf("-group %s: the message's body is not a JSON object", member)
	}
	value, ok := members[member]
	if !ok {
		return "", fmt.Errorf("-group %s: the message's body has no such member", member)
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		text = string(value)
	}
	return text, nil
}

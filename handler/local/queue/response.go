package queue

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// itemFailures reads a partial batch response: the IDs of the messages that
// failed. An error is a response for which the service fails the whole batch,
// see
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
func itemFailures(payload []byte, batch []Received) (map[string]bool, error) {
	if payload = bytes.TrimSpace(payload); len(payload) == 0 {
		return nil, nil
	}
	// Maps, for encoding/json's structs take names in any case.
	var response map[string]json.RawMessage
	if err := json.Unmarshal(payload, &response); err != nil {
		return nil, fmt.Errorf("queue: the response is not a JSON object: %w", err)
	}
	list, ok := response["batchItemFailures"]
	if !ok {
		return nil, nil
	}
	var items []map[string]json.RawMessage
	if err := json.Unmarshal(list, &items); err != nil {
		return nil, fmt.Errorf("queue: the response's batchItemFailures is not a list of objects: %w", err)
	}
	known := map[string]bool{}
	for _, m := range batch {
		known[m.ID] = true
	}
	failed := map[string]bool{}
	for i, item := range items {
		raw, ok := item["itemIdentifier"]
		if !ok {
			return nil, fmt.Errorf("queue: batchItemFailures[%d] has no itemIdentifier", i)
		}
		var id *string
		switch err := json.Unmarshal(raw, &id); {
		case err != nil:
			return nil, fmt.Errorf("queue: batchItemFailures[%d]: the itemIdentifier is not a string", i)
		case id == nil || *id == "":
			return nil, fmt.Errorf("queue: batchItemFailures[%d]: the itemIdentifier is empty", i)
		case !known[*id]:
			return nil, fmt.Errorf("queue: batchItemFailures[%d]: no message of the batch has the ID %q", i, *id)
		}
		failed[*id] = true
	}
	return failed, nil
}

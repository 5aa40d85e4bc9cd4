package main

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/lambdatune/lambdatune/handler/local/queue"
)

// front stands in for the HTTP API whose integration is SQS-SendMessage: it
// sends the body of POST /jobs to the queue as it is. No function runs.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services.html
func front(q *queue.Queue) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /jobs", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		sent, err := q.Send(queue.Message{Body: string(body)})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]string{"MessageId": sent.ID})
	})
	return mux
}

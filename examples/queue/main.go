// Command queue is a Lambda function behind an SQS queue: it takes the payment
// of each job and tells the client over its WebSocket connection.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lambdatune/lambdatune/examples/queue/jobs"
	"github.com/lambdatune/lambdatune/examples/queue/payments"
	"github.com/lambdatune/lambdatune/handler"
	"github.com/lambdatune/lambdatune/handler/idempotent"
	"github.com/lambdatune/lambdatune/handler/websocket/replier"
	"github.com/lambdatune/lambdatune/httpclient"
)

func main() {
	client := httpclient.New(httpclient.Options{})
	replies, err := replier.New(replier.Options{
		Endpoint:    os.Getenv("CONNECTIONS_ENDPOINT"),
		Credentials: aws.CredentialsProviderFunc(credentials),
		Client:      client,
	})
	if err != nil {
		log.Fatal(err)
	}
	provider := &payments.Client{URL: os.Getenv("PAYMENTS_URL"), HTTP: client}
	desk := &jobs.Desk{
		// Most of what comes twice is stopped here, without a request: a reply
		// that failed, a client that asked again. What comes to another
		// environment is stopped by the provider, which gets the same key.
		Charge: idempotent.Wrap(idempotent.NewMemory(0), func(j jobs.Job) string { return j.ID }, provider.Charge,
			&idempotent.Options[jobs.Job]{Name: "charge", Payload: func(j jobs.Job) any { return j.AmountCents }}),
		Tell: tell(replies),
	}
	handler.Start(handler.Use(handler.SQS(desk.Do), httpclient.Middleware))
}

// tell sends replies to WebSocket connections.
func tell(replies *replier.Replier) func(context.Context, string, jobs.Reply) error {
	return func(ctx context.Context, connectionID string, r jobs.Reply) error {
		message, err := json.Marshal(r)
		if err != nil {
			return err
		}
		err = replies.Post(ctx, connectionID, message)
		if errors.Is(err, replier.ErrGone) {
			return fmt.Errorf("%w: %w", jobs.ErrClientGone, err)
		}
		return err
	}
}

// credentials are those of the function's role, which Lambda puts into the
// environment.
func credentials(context.Context) (aws.Credentials, error) {
	c := aws.Credentials{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
		Source:          "environment",
	}
	if !c.HasKeys() {
		return aws.Credentials{}, errors.New("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
	}
	return c, nil
}

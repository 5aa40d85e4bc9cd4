// Package awsenv is what the sources have in common that use an AWS SDK client:
// its configuration from what Lambda sets in the environment, and the check of
// ARNs against its region.
package awsenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/lambdatune/lambdatune/secrets"
)

// Env is a client's configuration.
type Env struct {
	Region       string
	Credentials  aws.CredentialsProvider
	Retryer      aws.Retryer
	BaseEndpoint *string // nil for AWS's
}

// Read reads the environment for a service, whose name is the suffix of
// AWS_ENDPOINT_URL_…; see
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html and
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html.
// It fails if there is no region or no credentials. They are read again for
// each request. A client makes up to three attempts with at most 1 s of back-off.
func Read(service string) (Env, error) {
	e := Env{
		Region:      os.Getenv("AWS_REGION"),
		Credentials: aws.CredentialsProviderFunc(credentials),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 3
			o.MaxBackoff = time.Second
		}),
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if url := os.Getenv(name); url != "" {
			e.BaseEndpoint = aws.String(url)
			break
		}
	}
	if e.Region == "" {
		return Env{}, fmt.Errorf("%w: AWS_REGION is not set", secrets.ErrRegion)
	}
	_, err := credentials(context.Background())
	return e, err
}

func credentials(context.Context) (aws.Credentials, error) {
	c := aws.Credentials{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
		Source:          "environment",
	}
	if !c.HasKeys() {
		return aws.Credentials{}, errors.New("AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set")
	}
	return c, nil
}

// CheckRegion finds out before a call what the service would only answer with
// "not found" or "access denied": that the ARN id, if it is one, is of another
// region than the client's. The error wraps secrets.ErrRegion.
func CheckRegion(id, region string) error {
	if region == "" {
		return fmt.Errorf("%w: the client has no region", secrets.ErrRegion)
	}
	if parts := strings.SplitN(id, ":", 5); parts[0] == "arn" && len(parts) == 5 && parts[3] != region {
		return fmt.Errorf("%w: the ARN is of %s, the client is for %s", secrets.ErrRegion, parts[3], region)
	}
	return nil
}

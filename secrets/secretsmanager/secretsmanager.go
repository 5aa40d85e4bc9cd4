// Package secretsmanager is the [secrets.Source] for AWS Secrets Manager. It
// links the SDK's Secrets Manager client, and not the SDK's config package:
// [FromEnvironment] reads what Lambda sets, which saves the credential chain's
// modules and its time in a cold start.
package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lambdatune/lambdatune/secrets"
)

// Source fetches secrets by GetSecretValue. Each fetch is one call; it needs
// the permission secretsmanager:GetSecretValue, for all stages, and kms:Decrypt
// for a key of your own. It is safe for concurrent use.
type Source struct{ client *secretsmanager.Client }

// New returns the source that uses client. The client's retries stay within
// the timeout of [secrets.Options].
func New(client *secretsmanager.Client) *Source { return &Source{client} }

// FromEnvironment returns a source with a client for AWS_REGION and the
// credentials in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
// AWS_SESSION_TOKEN, which Lambda sets for every function. It makes up to three
// attempts with at most 1 s of back-off. For tests it honours
// AWS_ENDPOINT_URL_SECRETS_MANAGER and AWS_ENDPOINT_URL. It fails if a variable
// is missing; elsewhere than in Lambda use the SDK's config package and [New].
func FromEnvironment(options ...func(*secretsmanager.Options)) (*Source, error) {
	o := secretsmanager.Options{
		Region: os.Getenv("AWS_REGION"),
		Credentials: aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials()
		})),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 3
			o.MaxBackoff = time.Second
		}),
	}
	for _, name := range []string{"AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"} {
		if url := os.Getenv(name); url != "" {
			o.BaseEndpoint = aws.String(url)
			break
		}
	}
	if o.Region == "" {
		return nil, fmt.Errorf("secretsmanager: %w: AWS_REGION is not set", secrets.ErrRegion)
	}
	if _, err := credentials(); err != nil {
		return nil, err
	}
	return New(secretsmanager.New(o, options...)), nil
}

func credentials() (aws.Credentials, error) {
	c := aws.Credentials{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
		Source:          "environment",
	}
	if !c.HasKeys() {
		return aws.Credentials{}, errors.New("secretsmanager: AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set")
	}
	return c, nil
}

// Fetch calls GetSecretValue. Its errors name the operation and wrap the SDK's
// error and the matching one of package secrets.
func (s *Source) Fetch(ctx context.Context, r secrets.Request) (secrets.Raw, error) {
	if err := s.checkRegion(r.ID); err != nil {
		return secrets.Raw{}, err
	}
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
		SecretId:     aws.String(r.ID),
		VersionStage: aws.String(string(r.Stage)),
	})
	if err != nil {
		return secrets.Raw{}, classify(err)
	}
	raw := secrets.Raw{Version: secrets.Version(aws.ToString(out.VersionId))}
	for _, stage := range out.VersionStages {
		raw.Stages = append(raw.Stages, secrets.Stage(stage))
	}
	if out.SecretString != nil {
		raw.Data = []byte(*out.SecretString)
	} else {
		raw.Data, raw.Binary = out.SecretBinary, true
	}
	return raw, nil
}

// checkRegion finds out before a call what the service would only answer with
// "not found" or "access denied".
func (s *Source) checkRegion(id string) error {
	o := s.client.Options()
	if o.Region == "" {
		return fmt.Errorf("GetSecretValue: %w: the client has no region", secrets.ErrRegion)
	}
	if parts := strings.SplitN(id, ":", 5); parts[0] == "arn" && len(parts) == 5 && parts[3] != o.Region {
		return fmt.Errorf("GetSecretValue: %w: the secret is in %s, the client is for %s", secrets.ErrRegion, parts[3], o.Region)
	}
	return nil
}

// classify adds the error of package secrets to one of the SDK's; see
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors.
func classify(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	var kind error
	switch api.ErrorCode() {
	case "ResourceNotFoundException":
		kind = secrets.ErrNotFound
	case "AccessDeniedException", "AccessDenied", "DecryptionFailure", "UnrecognizedClientException", "ExpiredTokenException":
		kind = secrets.ErrDenied
	case "InvalidRequestException":
		// Also the answer for a secret that another service is still creating.
		if strings.Contains(api.ErrorMessage(), "deletion") || strings.Contains(api.ErrorMessage(), "deleted") {
			kind = secrets.ErrDeleted
		}
	case "InvalidSignatureException":
		if strings.Contains(api.ErrorMessage(), "region") {
			kind = secrets.ErrRegion
		}
	default:
		var resp *smithyhttp.ResponseError
		if errors.As(err, &resp) && slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden}, resp.HTTPStatusCode()) {
			kind = secrets.ErrDenied
		}
	}
	if kind == nil {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

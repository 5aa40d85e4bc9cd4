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
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/internal/awsenv"
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
	env, err := awsenv.Read("SECRETS_MANAGER")
	if err != nil {
		return nil, fmt.Errorf("secretsmanager: %w", err)
	}
	return New(secretsmanager.New(secretsmanager.Options{
		Region:       env.Region,
		Credentials:  env.Credentials,
		Retryer:      env.Retryer,
		BaseEndpoint: env.BaseEndpoint,
	}, options...)), nil
}

// Fetch calls GetSecretValue. Its errors name the operation and wrap the SDK's
// error and the matching one of package secrets.
func (s *Source) Fetch(ctx context.Context, r secrets.Request) (secrets.Raw, error) {
	if err := awsenv.CheckRegion(r.ID, s.client.Options().Region); err != nil {
		return secrets.Raw{}, fmt.Errorf("GetSecretValue: %w", err)
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

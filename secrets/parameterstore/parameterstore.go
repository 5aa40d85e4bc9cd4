// Package parameterstore is the [secrets.Source] for AWS Systems Manager
// Parameter Store. It links the SDK's SSM client and not the SDK's config package.
//
// Parameters have versions and no stages: AWSCURRENT is the latest version,
// AWSPREVIOUS the one before it, and AWSPENDING does not exist. Parameter Store
// allows 40 GetParameter calls per second and account by default
// (https://docs.aws.amazon.com/general/latest/gr/ssm.html), which is little for a
// fleet: fetch at INIT, keep the jitter on.
package parameterstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lambdatune/lambdatune/secrets"
	"github.com/lambdatune/lambdatune/secrets/internal/awsenv"
)

// Source fetches parameters by GetParameter with decryption. It needs the
// permission ssm:GetParameter, and kms:Decrypt for a SecureString. It is safe
// for concurrent use.
type Source struct{ client *ssm.Client }

// New returns the source that uses client.
func New(client *ssm.Client) *Source { return &Source{client} }

// FromEnvironment returns a source with a client for AWS_REGION and the
// credentials in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
// AWS_SESSION_TOKEN, which Lambda sets for every function. It makes up to three
// attempts with at most 1 s of back-off. For tests it honours
// AWS_ENDPOINT_URL_SSM and AWS_ENDPOINT_URL. It fails if a variable is missing;
// elsewhere than in Lambda use the SDK's config package and [New].
func FromEnvironment(options ...func(*ssm.Options)) (*Source, error) {
	env, err := awsenv.Read("SSM")
	if err != nil {
		return nil, fmt.Errorf("parameterstore: %w", err)
	}
	return New(ssm.New(ssm.Options{
		Region:       env.Region,
		Credentials:  env.Credentials,
		Retryer:      env.Retryer,
		BaseEndpoint: env.BaseEndpoint,
	}, options...)), nil
}

// Fetch calls GetParameter: once, or twice for AWSPREVIOUS, whose number it has
// to find out. The ID is a name, a path or, for a shared parameter, an ARN,
// without a version or label. The errors name the operation and wrap the SDK's error and
// the matching one of package secrets.
func (s *Source) Fetch(ctx context.Context, r secrets.Request) (secrets.Raw, error) {
	if err := awsenv.CheckRegion(r.ID, s.client.Options().Region); err != nil {
		return secrets.Raw{}, fmt.Errorf("GetParameter: %w", err)
	}
	switch r.Stage {
	case secrets.StageCurrent:
		raw, _, err := s.get(ctx, r.ID)
		return raw, err
	case secrets.StagePrevious:
		_, version, err := s.get(ctx, r.ID)
		if err != nil {
			return secrets.Raw{}, err
		}
		if version < 2 {
			return secrets.Raw{}, fmt.Errorf("GetParameter: %w: version %d is the first", secrets.ErrNotFound, version)
		}
		raw, _, err := s.get(ctx, r.ID+":"+strconv.FormatInt(version-1, 10))
		return raw, err
	}
	return secrets.Raw{}, fmt.Errorf("GetParameter: %w: parameters have no %s", secrets.ErrNotFound, r.Stage)
}

func (s *Source) get(ctx context.Context, name string) (secrets.Raw, int64, error) {
	out, err := s.client.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(name), WithDecryption: aws.Bool(true)})
	if err != nil {
		return secrets.Raw{}, 0, classify(err)
	}
	if out.Parameter == nil {
		return secrets.Raw{}, 0, errors.New("GetParameter: the answer has no parameter")
	}
	return secrets.Raw{
		Version: secrets.Version(strconv.FormatInt(out.Parameter.Version, 10)),
		Data:    []byte(aws.ToString(out.Parameter.Value)),
	}, out.Parameter.Version, nil
}

// classify adds the error of package secrets to one of the SDK's; see
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html#API_GetParameter_Errors.
func classify(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	switch api.ErrorCode() {
	case "ParameterNotFound", "ParameterVersionNotFound":
		return fmt.Errorf("%w: %w", secrets.ErrNotFound, err)
	case "AccessDeniedException", "InvalidKeyId", "UnrecognizedClientException", "ExpiredTokenException":
		return fmt.Errorf("%w: %w", secrets.ErrDenied, err)
	}
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && (resp.HTTPStatusCode() == http.StatusUnauthorized || resp.HTTPStatusCode() == http.StatusForbidden) {
		return fmt.Errorf("%w: %w", secrets.ErrDenied, err)
	}
	return err
}

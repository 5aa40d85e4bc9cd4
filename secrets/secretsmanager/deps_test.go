package secretsmanager_test

import (
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestLinks pins the modules' packages that a function links with this one: the
// client's, and neither the config package nor the credential chain.
func TestLinks(t *testing.T) {
	linked.Want(t, ".", strings.Fields(links)...)
}

const links = `
github.com/aws/aws-sdk-go-v2/aws
github.com/aws/aws-sdk-go-v2/aws/defaults
github.com/aws/aws-sdk-go-v2/aws/middleware
github.com/aws/aws-sdk-go-v2/aws/ratelimit
github.com/aws/aws-sdk-go-v2/aws/retry
github.com/aws/aws-sdk-go-v2/aws/signer/internal/v4
github.com/aws/aws-sdk-go-v2/aws/signer/v4
github.com/aws/aws-sdk-go-v2/aws/transport/http
github.com/aws/aws-sdk-go-v2/internal/auth
github.com/aws/aws-sdk-go-v2/internal/auth/smithy
github.com/aws/aws-sdk-go-v2/internal/configsources
github.com/aws/aws-sdk-go-v2/internal/context
github.com/aws/aws-sdk-go-v2/internal/endpoints
github.com/aws/aws-sdk-go-v2/internal/endpoints/awsrulesfn
github.com/aws/aws-sdk-go-v2/internal/endpoints/v2
github.com/aws/aws-sdk-go-v2/internal/rand
github.com/aws/aws-sdk-go-v2/internal/sdk
github.com/aws/aws-sdk-go-v2/internal/strings
github.com/aws/aws-sdk-go-v2/internal/sync/singleflight
github.com/aws/aws-sdk-go-v2/internal/timeconv
github.com/aws/aws-sdk-go-v2/internal/timeouts
github.com/aws/aws-sdk-go-v2/service/secretsmanager
github.com/aws/aws-sdk-go-v2/service/secretsmanager/internal/endpoints
github.com/aws/aws-sdk-go-v2/service/secretsmanager/schemas
github.com/aws/aws-sdk-go-v2/service/secretsmanager/types
github.com/aws/smithy-go
github.com/aws/smithy-go/auth
github.com/aws/smithy-go/auth/bearer
github.com/aws/smithy-go/context
github.com/aws/smithy-go/document
github.com/aws/smithy-go/document/internal/serde
github.com/aws/smithy-go/document/json
github.com/aws/smithy-go/encoding
github.com/aws/smithy-go/encoding/httpbinding
github.com/aws/smithy-go/encoding/json
github.com/aws/smithy-go/endpoints
github.com/aws/smithy-go/endpoints/private/bdd
github.com/aws/smithy-go/endpoints/private/rulesfn
github.com/aws/smithy-go/eventstream
github.com/aws/smithy-go/internal/errors
github.com/aws/smithy-go/internal/eventstream
github.com/aws/smithy-go/internal/serde
github.com/aws/smithy-go/internal/sync
github.com/aws/smithy-go/internal/sync/singleflight
github.com/aws/smithy-go/io
github.com/aws/smithy-go/logging
github.com/aws/smithy-go/metrics
github.com/aws/smithy-go/middleware
github.com/aws/smithy-go/prelude
github.com/aws/smithy-go/ptr
github.com/aws/smithy-go/rand
github.com/aws/smithy-go/sync
github.com/aws/smithy-go/time
github.com/aws/smithy-go/tracing
github.com/aws/smithy-go/traits
github.com/aws/smithy-go/transport/http
github.com/aws/smithy-go/transport/http/internal/io
github.com/aws/smithy-go/transport/http/protocol/awsjson
github.com/aws/smithy-go/transport/http/protocol/internal/json
github.com/aws/smithy-go/transport/http/protocol/internal/json/internal/stdlib
internal/invocation
secrets
secrets/internal/awsenv
secrets/secretsmanager
`

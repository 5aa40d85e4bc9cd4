package replier_test

import (
	"strings"
	"testing"

	"github.com/lambdatune/lambdatune/internal/linked"
)

// TestDeps pins what a function links with this package, standard library
// apart: the SDK's signer and credentials, no service client, nothing of ours.
func TestDeps(t *testing.T) {
	linked.Want(t, ".", strings.Fields(links)...)
}

const links = `
github.com/aws/aws-sdk-go-v2/aws
github.com/aws/aws-sdk-go-v2/aws/middleware
github.com/aws/aws-sdk-go-v2/aws/signer/internal/v4
github.com/aws/aws-sdk-go-v2/aws/signer/v4
github.com/aws/aws-sdk-go-v2/internal/auth
github.com/aws/aws-sdk-go-v2/internal/rand
github.com/aws/aws-sdk-go-v2/internal/sdk
github.com/aws/aws-sdk-go-v2/internal/strings
github.com/aws/aws-sdk-go-v2/internal/sync/singleflight
github.com/aws/smithy-go
github.com/aws/smithy-go/auth
github.com/aws/smithy-go/auth/bearer
github.com/aws/smithy-go/context
github.com/aws/smithy-go/document
github.com/aws/smithy-go/encoding/httpbinding
github.com/aws/smithy-go/eventstream
github.com/aws/smithy-go/internal/sync/singleflight
github.com/aws/smithy-go/logging
github.com/aws/smithy-go/metrics
github.com/aws/smithy-go/middleware
github.com/aws/smithy-go/ptr
github.com/aws/smithy-go/rand
github.com/aws/smithy-go/sync
github.com/aws/smithy-go/time
github.com/aws/smithy-go/tracing
github.com/aws/smithy-go/traits
github.com/aws/smithy-go/transport/http
github.com/aws/smithy-go/transport/http/internal/io
handler/websocket/replier
`

// Package secretstest is AWS Secrets Manager for tests: an HTTP server in this
// process that the AWS SDK's real client talks to, with versions, stages,
// rotation, quota, injected errors, latency and a clock.
//
//	srv := secretstest.NewServer()
//	defer srv.Close()
//	srv.Put("orders/db", `{"username":"app","password":"one"}`)
//	client := secretsmanager.New(secretsmanager.Options{
//		BaseEndpoint: aws.String(srv.URL),
//		Region:       srv.Region,
//		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
//	})
//
// It speaks AWS JSON 1.1: GetSecretValue, BatchGetSecretValue, DescribeSecret,
// PutSecretValue, UpdateSecretVersionStage and RotateSecret, with the error
// types, status codes and limits of the API reference
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/). Requests
// must be signed for the server's region; the signature itself is not verified.
// Where AWS checks that versions are idempotent by ClientRequestToken, so does
// the server.
//
// [Server.Client] is an HTTP client without sockets. With it, latency and
// quota are tested inside testing/synctest, whose clock they use.
package secretstest

package secretstest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// apiError is an answer of AWS JSON 1.1 other than 200.
type apiError struct{ code, message string }

func (e *apiError) status() int {
	switch e.code {
	case "InternalServiceError", "InternalFailure":
		return http.StatusInternalServerError
	case "ServiceUnavailable":
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// request is the union of the members of all operations' requests.
type request struct {
	SecretId                       string
	VersionId                      string
	VersionStage                   string
	SecretIdList                   []string
	Filters                        []struct{ Key string }
	MaxResults                     *int
	NextToken                      string
	ClientRequestToken             string
	SecretString                   *string
	SecretBinary                   []byte
	VersionStages                  []string
	RemoveFromVersionId            string
	MoveToVersionId                string
	RotateImmediately              *bool
	RotationLambdaARN              string
	RotationRules                  json.RawMessage
	ExternalSecretRotationMetadata json.RawMessage
}

type object = map[string]any

var operations = map[string]func(*Server, *request) (object, *apiError){
	"GetSecretValue":           (*Server).getSecretValue,
	"BatchGetSecretValue":      (*Server).batchGetSecretValue,
	"DescribeSecret":           (*Server).describeSecret,
	"PutSecretValue":           (*Server).putSecretValue,
	"UpdateSecretVersionStage": (*Server).updateSecretVersionStage,
	"RotateSecret":             (*Server).rotateSecret,
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, e := s.serve(r)
	if e != nil && e.code == "" {
		panic(http.ErrAbortHandler) // the client has left, or the server closes
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", newID())
	if e != nil {
		w.WriteHeader(e.status())
		out = object{"__type": e.code, "Message": e.message}
	}
	json.NewEncoder(w).Encode(out)
}

// gone is for a request whose client has left.
var gone = &apiError{}

func (s *Server) serve(r *http.Request) (object, *apiError) {
	op, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager.")
	f := operations[op]
	if r.Method != http.MethodPost || !ok || f == nil {
		return nil, &apiError{"UnknownOperationException", "no such operation: " + r.Method + " " + r.Header.Get("X-Amz-Target")}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var in request
	if err == nil {
		err = json.Unmarshal(body, &in)
	}
	if err != nil {
		return nil, &apiError{"SerializationException", "the body is not the JSON of a request"}
	}
	stage := cmp.Or(in.VersionStage, "AWSCURRENT")

	s.mu.Lock()
	call := Call{Op: op, ID: in.SecretId, Stage: stage, At: s.clock()}
	if sec := s.findLocked(in.SecretId); sec != nil {
		call.ID = sec.name
	}
	latency, set := s.latency[op]
	if !set {
		latency = s.latency[""]
	}
	throttled := false
	for _, b := range []*bucket{s.buckets[op], s.buckets[""]} {
		throttled = throttled || b != nil && !b.take(call.At)
	}
	fault, faulty := s.faultLocked(op, stage)
	s.mu.Unlock()

	pause := latency
	if faulty && fault.Hang {
		pause = -1
	}
	if pause != 0 && !s.wait(r.Context(), pause) {
		call.Code = "gone"
		s.record(call)
		return nil, gone
	}
	var out object
	e := checkSignature(r, s.Region)
	switch {
	case e != nil:
	case throttled:
		e = &apiError{"ThrottlingException", "Rate exceeded"}
	case faulty:
		e = &apiError{fault.Code, cmp.Or(fault.Message, typicalMessage(fault.Code, op, in.SecretId))}
	default:
		s.mu.Lock()
		out, e = f(s, &in)
		s.mu.Unlock()
	}
	if e != nil {
		call.Code = e.code
	}
	s.record(call)
	return out, e
}

func (s *Server) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.At = s.clock()
	s.calls = append(s.calls, c)
}

// checkSignature checks that the request is signed for this service and region.
func checkSignature(r *http.Request, region string) *apiError {
	auth := r.Header.Get("Authorization")
	_, scope, ok := strings.Cut(auth, "Credential=")
	if !strings.HasPrefix(auth, "AWS4-HMAC-SHA256 ") || !ok || r.Header.Get("X-Amz-Date") == "" {
		return &apiError{"MissingAuthenticationTokenException", "Missing Authentication Token"}
	}
	scope, _, _ = strings.Cut(scope, ",")
	parts := strings.Split(scope, "/") // key ID, date, region, service, aws4_request
	switch {
	case len(parts) != 5:
		return &apiError{"IncompleteSignatureException", "the credential scope is incomplete"}
	case parts[2] != region:
		return &apiError{"InvalidSignatureException", "Credential should be scoped to a valid region. "}
	case parts[3] != "secretsmanager":
		return &apiError{"InvalidSignatureException", "Credential should be scoped to correct service: 'secretsmanager'. "}
	}
	return nil
}

func typicalMessage(code, op, id string) string {
	switch code {
	case "AccessDeniedException":
		return fmt.Sprintf("User: arn:aws:sts::%s:assumed-role/orders/orders is not authorized to perform: secretsmanager:%s on resource: %s because no identity-based policy allows the secretsmanager:%s action", account, op, id, op)
	case "DecryptionFailure":
		return "Secrets Manager can't decrypt the protected secret text using the provided KMS key."
	case "ThrottlingException":
		return "Rate exceeded"
	case "ResourceNotFoundException":
		return "Secrets Manager can't find the specified secret."
	case "InternalServiceError":
		return "An error occurred on the server side."
	}
	return code
}

// lookup finds the secret of a request.
func (s *Server) lookup(id string) (*secret, *apiError) {
	if id == "" || len(id) > 2048 {
		return nil, &apiError{"ValidationException", "1 validation error detected: Value at 'secretId' failed to satisfy constraint: Member must have length between 1 and 2048"}
	}
	sec := s.findLocked(id)
	if sec == nil {
		return nil, &apiError{"ResourceNotFoundException", "Secrets Manager can't find the specified secret."}
	}
	return sec, nil
}

func (s *Server) alive(id string) (*secret, *apiError) {
	sec, e := s.lookup(id)
	if e == nil && !sec.deleted.IsZero() {
		return nil, &apiError{"InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion."}
	}
	return sec, e
}

func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func (s *Server) getSecretValue(in *request) (object, *apiError) {
	sec, e := s.alive(in.SecretId)
	if e != nil {
		return nil, e
	}
	id, missing := in.VersionId, "Secrets Manager can't find the specified secret value for VersionId: "+in.VersionId
	stage := cmp.Or(in.VersionStage, "AWSCURRENT")
	if id == "" {
		id, missing = sec.stages[stage], "Secrets Manager can't find the specified secret value for staging label: "+stage
	} else if in.VersionStage != "" && sec.stages[in.VersionStage] != id {
		return nil, &apiError{"InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId."}
	}
	v := sec.versions[id]
	if v == nil || v.empty() {
		return nil, &apiError{"ResourceNotFoundException", missing}
	}
	return value(sec, v), nil
}

func value(sec *secret, v *version) object {
	out := object{
		"ARN":           sec.arn,
		"Name":          sec.name,
		"VersionId":     v.id,
		"VersionStages": sec.stagesOf(v.id),
		"CreatedDate":   epoch(v.created),
	}
	if v.text != nil {
		out["SecretString"] = *v.text
	} else {
		out["SecretBinary"] = v.binary
	}
	return out
}

// batchGetSecretValue supports SecretIdList, not Filters.
func (s *Server) batchGetSecretValue(in *request) (object, *apiError) {
	switch {
	case len(in.Filters) > 0:
		return nil, &apiError{"InvalidParameterException", "secretstest does not support Filters."}
	case len(in.SecretIdList) == 0 || len(in.SecretIdList) > 20:
		return nil, &apiError{"ValidationException", "1 validation error detected: Value at 'secretIdList' failed to satisfy constraint: Member must have length between 1 and 20"}
	}
	values, errs := []object{}, []object{}
	for _, id := range in.SecretIdList {
		out, e := s.getSecretValue(&request{SecretId: id})
		if e != nil {
			errs = append(errs, object{"SecretId": id, "ErrorCode": e.code, "Message": e.message})
			continue
		}
		values = append(values, out)
	}
	return object{"SecretValues": values, "Errors": errs}, nil
}

func (s *Server) describeSecret(in *request) (object, *apiError) {
	sec, e := s.lookup(in.SecretId)
	if e != nil {
		return nil, e
	}
	stages := make(map[string][]string)
	for id := range sec.versions {
		stages[id] = sec.stagesOf(id)
	}
	_, rotates := s.rotator[sec.name]
	out := object{
		"ARN":                sec.arn,
		"Name":               sec.name,
		"CreatedDate":        epoch(sec.created),
		"LastChangedDate":    epoch(sec.changed),
		"RotationEnabled":    rotates,
		"VersionIdsToStages": stages,
	}
	if !sec.rotated.IsZero() {
		out["LastRotatedDate"] = epoch(sec.rotated)
	}
	if !sec.deleted.IsZero() {
		out["DeletedDate"] = epoch(sec.deleted)
	}
	return out, nil
}

func (s *Server) putSecretValue(in *request) (object, *apiError) {
	sec, e := s.alive(in.SecretId)
	if e != nil {
		return nil, e
	}
	size := len(in.SecretBinary)
	if in.SecretString != nil {
		size = len(*in.SecretString)
	}
	switch {
	case (in.SecretString == nil) == (in.SecretBinary == nil):
		return nil, &apiError{"InvalidParameterException", "You must provide either SecretString or SecretBinary."}
	case size == 0 || size > 65536:
		return nil, &apiError{"ValidationException", "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length between 1 and 65536"}
	case in.SecretString != nil && !utf8.ValidString(*in.SecretString):
		return nil, &apiError{"InvalidParameterException", "SecretString is not valid UTF-8."}
	}
	id := cmp.Or(in.ClientRequestToken, newID())
	if len(id) < 32 || len(id) > 64 {
		return nil, &apiError{"ValidationException", "1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint: Member must have length between 32 and 64"}
	}
	stages := in.VersionStages
	if len(stages) == 0 {
		stages = []string{"AWSCURRENT"}
	}
	fresh := &version{id: id, text: in.SecretString, binary: in.SecretBinary}
	if old := sec.versions[id]; old != nil && !old.empty() {
		same := old.text != nil && fresh.text != nil && *old.text == *fresh.text || old.text == nil && fresh.text == nil && slices.Equal(old.binary, fresh.binary)
		if !same {
			return nil, &apiError{"ResourceExistsException", "You can't use ClientRequestToken " + id + " because that value is already in use for a version of secret " + sec.arn + "."}
		}
	} else {
		s.putLocked(sec.name, stages[0], fresh)
	}
	for _, stage := range stages {
		sec.move(stage, id)
	}
	sec.prune()
	return object{"ARN": sec.arn, "Name": sec.name, "VersionId": id, "VersionStages": sec.stagesOf(id)}, nil
}

func (s *Server) updateSecretVersionStage(in *request) (object, *apiError) {
	sec, e := s.alive(in.SecretId)
	if e != nil {
		return nil, e
	}
	holder := sec.stages[in.VersionStage]
	switch {
	case in.VersionStage == "" || len(in.VersionStage) > 256:
		return nil, &apiError{"ValidationException", "1 validation error detected: Value at 'versionStage' failed to satisfy constraint: Member must have length between 1 and 256"}
	case in.MoveToVersionId == "" && in.RemoveFromVersionId == "":
		return nil, &apiError{"InvalidParameterException", "You must provide MoveToVersionId or RemoveFromVersionId."}
	case in.VersionStage == "AWSCURRENT" && in.MoveToVersionId == "":
		return nil, &apiError{"InvalidParameterException", "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed."}
	case in.RemoveFromVersionId != "" && in.RemoveFromVersionId != holder:
		return nil, &apiError{"InvalidParameterException", "The parameter RemoveFromVersionId doesn't match the version that staging label " + in.VersionStage + " is attached to."}
	case in.MoveToVersionId != "" && sec.versions[in.MoveToVersionId] == nil:
		return nil, &apiError{"ResourceNotFoundException", "Secrets Manager can't find the specified secret version: " + in.MoveToVersionId}
	case in.MoveToVersionId != "" && holder != "" && holder != in.MoveToVersionId && in.RemoveFromVersionId == "":
		return nil, &apiError{"InvalidParameterException", "The parameter RemoveFromVersionId can't be empty. Staging label " + in.VersionStage + " is currently attached to version " + holder + ", so you must explicitly reference that version in RemoveFromVersionId."}
	case in.MoveToVersionId == "":
		delete(sec.stages, in.VersionStage)
	default:
		sec.move(in.VersionStage, in.MoveToVersionId)
	}
	sec.changed = s.clock()
	sec.prune()
	return object{"ARN": sec.arn, "Name": sec.name}, nil
}

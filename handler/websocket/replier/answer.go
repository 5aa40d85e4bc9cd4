package replier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An answer is what the service said.
type answer struct {
	status                      int
	body                        []byte
	code, requestID, retryAfter string
}

// maxMessage bounds what an error repeats of the service's text.
const maxMessage = 256

// describe puts the answer into e.
func (a *answer) describe(e *Error) {
	e.StatusCode, e.RequestID = a.status, a.requestID
	// GoneException:http://internal.amazon.com/… and the like
	e.Code, _, _ = strings.Cut(a.code, ":")
	var body struct {
		Message string `json:"message"` // or Message
	}
	if json.Unmarshal(a.body, &body) == nil {
		e.Message = strings.ToValidUTF8(body.Message[:min(len(body.Message), maxMessage)], "")
	}
	switch a.status {
	case http.StatusGone:
		e.Err = ErrGone
	case http.StatusForbidden:
		e.Err = ErrForbidden
	case http.StatusRequestEntityTooLarge:
		e.Err = ErrTooLarge
	case http.StatusTooManyRequests:
		e.Err = ErrLimitExceeded
	default:
		e.Err = errors.New("an answer that is not of the API")
	}
}

// retryable reports whether another attempt can help and do no harm. A message
// must not arrive twice: it is sent again only after the service has refused it.
func retryable(method string, e *Error) bool {
	switch e.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return method != http.MethodPost
	case 0:
		_, credentials := errors.AsType[*credentialsError](e.Err)
		return method != http.MethodPost && !credentials && !errors.Is(e.Err, context.Canceled) && !errors.Is(e.Err, context.DeadlineExceeded)
	}
	return false
}

const (
	firstPause    = 50 * time.Millisecond
	maxPause      = 5 * time.Second
	maxRetryAfter = 30 * time.Second
)

// backoff is the pause after so many attempts: what the service asks for, else a
// random time up to one that doubles, so that those who were refused together do
// not come back together.
func backoff(attempt int, retryAfter string) time.Duration {
	if s, err := strconv.Atoi(retryAfter); err == nil && s >= 0 {
		return min(time.Duration(min(s, 3600))*time.Second, maxRetryAfter)
	}
	most := min(firstPause<<min(attempt-1, 10), maxPause)
	return most/2 + rand.N(most/2+1)
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); left <= d {
			return fmt.Errorf("no time for another attempt: %v left, the pause is %v", max(left, 0).Round(time.Millisecond), d.Round(time.Millisecond))
		}
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

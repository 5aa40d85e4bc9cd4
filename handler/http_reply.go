package handler

import (
	"context"
	"errors"
	"net/http"
	"reflect"

	"github.com/lambdatune/lambdatune/internal/gateway"
)

// What an Out, or an error, can say of its answer.
type (
	statuser interface{ HTTPStatus() int }
	headerer interface{ HTTPHeader() http.Header }
	bodier   interface{ HTTPBody() ([]byte, string) }
)

// An outputPlan is what the type of an Out says of its methods.
type outputPlan struct {
	dynamic bool // an interface: each value can have them
	pointer bool // methods of a pointer to Out count, not of an Out that may be nil
	any     bool // there is at least one of the methods
}

func outputPlanOf(t reflect.Type) outputPlan {
	if t.Kind() == reflect.Interface {
		return outputPlan{dynamic: true, any: true}
	}
	has := func(t reflect.Type) bool {
		return t.Implements(reflect.TypeFor[statuser]()) || t.Implements(reflect.TypeFor[headerer]()) || t.Implements(reflect.TypeFor[bodier]())
	}
	if t.Kind() == reflect.Pointer {
		return outputPlan{any: has(t)}
	}
	return outputPlan{pointer: true, any: has(reflect.PointerTo(t))}
}

// methods returns the value that may have the methods, nil if it has none.
func (p outputPlan) methods(out any) any {
	if !p.any {
		return nil
	}
	if p.pointer {
		return out
	}
	v := reflect.ValueOf(out).Elem()
	if p.dynamic {
		v = v.Elem()
	}
	if !v.IsValid() || (v.Kind() == reflect.Pointer && v.IsNil()) {
		return nil
	}
	return v.Interface()
}

// reply is what call, or the error that it came to, says to the client.
func (e *endpoint[In, Out]) reply(ctx context.Context, call *httpCall[In, Out], err error) (rep reply) {
	if err == nil {
		func() {
			defer contain(ctx, &err)
			rep, err = e.success(&call.out)
		}()
		if err == nil {
			return rep
		}
		rep.release()
	}
	return failure(ctx, err)
}

// success is the answer to a call without an error.
func (e *endpoint[In, Out]) success(out *Out) (rep reply, err error) {
	rep.Status = http.StatusOK
	m := e.out.methods(out)
	if m != nil {
		if rep.Status, err = statusOf(m, http.StatusOK); err != nil {
			return rep, err
		}
		if h, ok := m.(headerer); ok {
			rep.Header = h.HTTPHeader()
		}
		if b, ok := m.(bodier); ok {
			rep.Body, rep.ContentType = b.HTTPBody()
			if rep.ContentType == "" && len(rep.Body) > 0 {
				rep.ContentType = "application/octet-stream"
			}
			return rep, nil
		}
	}
	if rep.Status == http.StatusNoContent || rep.Status == http.StatusNotModified {
		return rep, nil
	}
	rep.ContentType = "application/json"
	enc := encoders.Get().(*encoder)
	enc.buf.Reset()
	if err := enc.enc.Encode(out); err != nil {
		return reply{}, err
	}
	rep.enc = enc
	rep.Body = enc.buf.Bytes()[:enc.buf.Len()-1] // Encode ends with a newline
	return rep, nil
}

func statusOf(m any, otherwise int) (int, error) {
	s, ok := m.(statuser)
	if !ok {
		return otherwise, nil
	}
	switch status := s.HTTPStatus(); {
	case status == 0:
		return otherwise, nil
	case status < 200 || status > 599:
		return otherwise, errStatus
	default:
		return status, nil
	}
}

// failure is the answer to an error.
func failure(ctx context.Context, err error) (rep reply) {
	defer func() { // the error's own methods can panic
		if v := recover(); v != nil {
			logPanic(ctx, newPanicError(v))
			rep = faultReply(ctx, http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError))
		}
	}()
	if _, ok := errors.AsType[*PanicError](err); ok { // logged where it was contained
		if exitsOnPanic(ctx) {
			return reply{invokeErr: err}
		}
		return faultReply(ctx, http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError))
	}
	// What the adapter itself finds comes as it is; logic can wrap such an
	// error, and then it is one of logic's.
	switch e := err.(type) {
	case *gateway.EventError:
		return reply{invokeErr: err}
	case *requestError:
		return faultReply(ctx, e.status, e.message)
	case *parameterError:
		return faultReply(ctx, http.StatusBadRequest, e.Error())
	case *DecodeError:
		message := e.Error()
		if e.Offset < 0 && e.reason == "" {
			message = "invalid JSON: a value is not accepted" // by a method whose text is not for clients
		}
		return faultReply(ctx, http.StatusBadRequest, message)
	}
	return ownFailure(ctx, err)
}

// ownFailure is the answer to an error of core logic.
func ownFailure(ctx context.Context, err error) reply {
	status, message := http.StatusInternalServerError, ""
	if s, ok := errors.AsType[interface {
		error
		statuser
	}](err); ok {
		var invalid error
		if status, invalid = statusOf(s, status); invalid != nil {
			err = errors.Join(err, invalid)
		} else if status < 500 {
			message = s.Error()
		}
	}
	if status >= 500 {
		if message = http.StatusText(status); message == "" {
			message = http.StatusText(http.StatusInternalServerError)
		}
		logError(ctx, "request failed", err)
	}
	rep := reply{}
	if b, ok := errors.AsType[interface {
		error
		bodier
	}](err); ok {
		rep.Status = status
		rep.Body, rep.ContentType = b.HTTPBody()
		if rep.ContentType == "" && len(rep.Body) > 0 {
			rep.ContentType = "application/octet-stream"
		}
	} else {
		rep = faultReply(ctx, status, message)
	}
	if h, ok := errors.AsType[interface {
		error
		headerer
	}](err); ok {
		rep.Header = h.HTTPHeader()
	}
	return rep
}

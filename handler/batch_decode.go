package handler

import (
	"bytes"
	"errors"

	"github.com/lambdatune/lambdatune/handler/internal/envelope"
)

// prepared is what is to be done with a record once the payload is not needed
// for it any more.
type prepared struct {
	call    bool     // logic has its input
	objects [][]byte // inputs in JSON, for an adapter of which a record may have several
	poison  error    // why the record does not decode
	err     error    // a panic on the way
	raw     []byte   // a copy of the record, if OnPoison may ask for it
}

// prepare reads the record. The worker's lock is held.
func (w *batchWorker) prepare(c *recordCtx, b *batchInvoker, s envelope.Source, r *envelope.Record) (p prepared) {
	defer contain(c, &p.err)
	if keep := b.options.batch.keep; keep != nil {
		if ok, err := keep(r.Raw); err != nil {
			return b.poisoned(r, err)
		} else if !ok {
			return prepared{}
		}
	}
	if b.objects != nil {
		return b.objects(w, b, s, r)
	}
	if s == envelope.Kafka && r.Tombstone() {
		if w.dirty {
			w.logic.reset()
			w.dirty = false
		}
		return prepared{call: true}
	}
	text, err := b.text(&w.buf, s, r)
	if err == nil {
		err = w.decode(b, text)
	}
	if err != nil {
		return b.poisoned(r, err)
	}
	p.call = true
	return p
}

// prepareObjects is prepare, behind Keep, where a record may have several inputs.
func (w *batchWorker) prepareObjects(b *batchInvoker, s envelope.Source, r *envelope.Record) (p prepared) {
	for object, err := range w.buf.Objects(s, r) {
		if err != nil {
			return b.poisoned(r, err)
		}
		p.objects = append(p.objects, bytes.Clone(object))
	}
	if b.options.batch.onPoison != nil {
		p.raw = bytes.Clone(r.Raw)
	}
	return p
}

func (b *batchInvoker) poisoned(r *envelope.Record, err error) prepared {
	p := prepared{poison: err}
	if b.options.batch.onPoison != nil {
		p.raw = bytes.Clone(r.Raw)
	}
	return p
}

// decode decodes the input. What an earlier one, or its panic, has left there is
// cleared first.
func (w *batchWorker) decode(b *batchInvoker, text []byte) error {
	if w.dirty {
		w.logic.reset()
	}
	w.dirty = true
	err := b.decoder.decodeWith(text, w.logic.target(), &w.text)
	if err == nil {
		w.dirty = false // call leaves it zero
		return nil
	}
	if b.rewritten {
		// What an offset would be in is not in the event.
		if e, ok := errors.AsType[*DecodeError](err); ok {
			e.Offset = -1
		}
	}
	return err
}

// call calls logic with the decoded input.
func (w *batchWorker) call(c *recordCtx) (err error) {
	defer contain(c, &err)
	return w.logic.call(c)
}

// object is logic for one of the inputs of a record.
func (r *batchRun) object(c *recordCtx, w *batchWorker, text, raw []byte) (err error) {
	defer contain(c, &err)
	if err := w.decode(r.b, text); err != nil {
		return r.poison(c, prepared{poison: err, raw: raw})
	}
	return w.logic.call(c)
}

// poison is what becomes of a record that does not decode.
func (r *batchRun) poison(c *recordCtx, p prepared) (err error) {
	defer contain(c, &err)
	if ask := r.b.options.batch.onPoison; ask != nil {
		return ask(c, p.raw, p.poison)
	}
	return p.poison
}

func isPanic(err error) bool {
	_, ok := errors.AsType[*PanicError](err)
	return ok
}

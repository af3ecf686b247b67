package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"syscall/js"
	"time"

	"github.com/gradlogp/gradlogp/score"
)

// The worker's side of the page: it takes one message after the other, also between the
// steps of a training, and answers by messages with arrays. A message has a kind, and so has
// an answer.
func main() {
	w := &worker{inbox: make(chan js.Value, 256)}
	js.Global().Set("onmessage", js.FuncOf(func(_ js.Value, args []js.Value) any {
		w.inbox <- args[0].Get("data")
		return nil
	}))
	post("ready", nil)
	for m := range w.inbox {
		w.take(m)
		for w.next != nil {
			w.learn()
		}
	}
}

type worker struct {
	inbox chan js.Value
	*play       // nil before the first training
	next  *play // to be trained now
	view  view  // of the last message that has one
}

// Training takes the page's messages after so long, and later when waiting for them, as on a
// busy machine, would take more than a fifth of the time; nor do looks at samples take more.
const (
	pause = 50 * time.Millisecond
	share = 4
)

// samplesSeen is the number of paths that the page shows.
const samplesSeen = 300

var errStopped = errors.New("stopped")

// take answers one message.
func (w *worker) take(m js.Value) {
	var err error
	switch kind := m.Get("kind").String(); {
	case kind == "train":
		err = w.begin(m)
	case w.play == nil: // there is nothing to see yet
	case kind == "look":
		w.view = viewOf(m)
		err = w.look(m.Get("sigma").Float(), m.Get("zoom").Float())
	case kind == "paths":
		w.view = viewOf(m)
		err = w.paths()
	case kind == "trace":
		err = w.follow(m.Get("x").Float(), m.Get("y").Float(), m.Get("sigma").Float())
	case kind == "race":
		err = w.run(m.Get("evaluations").Int())
	case kind == "save":
		var b []byte
		if b, err = w.file(); err == nil {
			post("save", map[string]any{"bytes": bytesOf(b), "type": "safetensors"})
		}
	case kind == "export":
		var b []byte
		if b, err = w.graph(viewOf(m)); err == nil {
			post("export", map[string]any{"bytes": bytesOf(b), "type": "onnx"})
		}
	}
	if err != nil {
		post("error", map[string]any{"text": err.Error()})
	}
}

func viewOf(m js.Value) view { return view{m.Get("class").Int(), m.Get("guidance").Float()} }

// begin makes the model of a new task and shows its data.
func (w *worker) begin(m js.Value) error {
	t := task{data: m.Get("data").String(), seed: uint64(m.Get("seed").Float()), steps: m.Get("steps").Int()}
	points := m.Get("points")
	for i := 0; i+2 < points.Length(); i += 3 {
		t.points = append(t.points, []float64{points.Index(i).Float(), points.Index(i + 1).Float(), points.Index(i + 2).Float()})
	}
	p, err := newPlay(t)
	if err != nil {
		return err
	}
	w.next, w.view = p, viewOf(m)
	data, err := t.open(1)
	if err != nil {
		return err
	}
	post("data", map[string]any{"rows": floatsOf(some(data, samplesSeen).RawMatrix().Data)})
	return nil
}

// learn trains the next play. Between steps it answers messages; one of them may be to
// train another, or to stop.
func (w *worker) learn() {
	w.play, w.next = w.next, nil
	paused, waited := time.Now(), time.Duration(0)
	looked, cost := time.Now(), time.Duration(0)
	err := w.train(func(m score.Metrics) error {
		if time.Since(paused) < max(pause, share*waited) && m.Step < m.Steps {
			return nil
		}
		post("step", map[string]any{"step": m.Step, "steps": m.Steps, "loss": m.Loss})
		if err := m.Publish(); err != nil {
			return err
		}
		if time.Since(looked) > share*cost {
			looked = time.Now()
			if err := w.paths(); err != nil {
				return err
			}
			cost = time.Since(looked)
			looked = time.Now()
		}
		before := time.Now()
		time.Sleep(time.Millisecond) // the page's messages come in now
		waited = time.Since(before)
		for len(w.inbox) > 0 {
			m := <-w.inbox
			if m.Get("kind").String() == "stop" {
				return errStopped
			}
			if w.take(m); w.next != nil {
				return errStopped
			}
		}
		paused = time.Now()
		return nil
	})
	if w.next != nil {
		return
	}
	if errors.Is(err, errStopped) {
		err = nil
	}
	if err = errors.Join(err, w.paths()); err != nil {
		post("error", map[string]any{"text": err.Error()})
		return
	}
	post("done", nil)
}

// look posts the map and the arrows at one noise level.
func (w *worker) look(σ, zoom float64) error {
	const cells, arrows = 56, 18
	s, err := w.arrows(w.view, σ, zoom, arrows)
	if err != nil {
		return err
	}
	post("field", map[string]any{
		"cells": cells, "energy": floatsOf(w.energies(w.view, σ, zoom, cells)),
		"arrows": arrows, "score": floatsOf(s.RawMatrix().Data),
	})
	return nil
}

// paths posts the paths of samples.
func (w *worker) paths() error {
	p, err := w.samples(w.view, samplesSeen)
	if err != nil {
		return err
	}
	post("paths", message(p))
	return nil
}

func (w *worker) follow(x, y, σ float64) error {
	p, err := w.trace(w.view, x, y, σ)
	if err != nil {
		return err
	}
	post("trace", message(p))
	return nil
}

// run posts the results of all solvers, one after the other.
func (w *worker) run(evaluations int) error {
	for i, s := range solvers {
		r, err := w.race(s, evaluations)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		m := message(r.path)
		spent := make([]any, len(r.evaluations))
		for k, e := range r.evaluations {
			spent[k] = e
		}
		m["lane"], m["lanes"], m["name"], m["evaluations"], m["distance"], m["floor"] = i, len(solvers), s.name, spent, r.distance, r.floor
		post("race", m)
	}
	return nil
}

// message is a path for the page: n points at each of the noise levels sigma.
func message(p path) map[string]any {
	var all []float64
	for _, at := range p.at {
		all = append(all, at.RawMatrix().Data...)
	}
	n, _ := p.at[0].Dims()
	return map[string]any{"n": n, "sigma": floatsOf(p.σ), "points": floatsOf(all)}
}

// post sends an answer to the page.
func post(kind string, m map[string]any) {
	if m == nil {
		m = map[string]any{}
	}
	m["kind"] = kind
	js.Global().Call("postMessage", m)
}

// floatsOf is a Float32Array with the numbers.
func floatsOf(x []float64) js.Value {
	b := make([]byte, 0, 4*len(x))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
	}
	return js.Global().Get("Float32Array").New(bytesOf(b).Get("buffer"))
}

func bytesOf(b []byte) js.Value {
	a := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(a, b)
	return a
}

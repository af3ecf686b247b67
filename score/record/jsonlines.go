package record

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/gradlogp/gradlogp/score"
)

// JSONLines is a score.Recorder that writes a line of JSON for every step,
//
//	{"step":1,"steps":20000,"loss":1.93,"grad_norm":2.1,"rate":1.2e-05,"held_out":1.88}
//
// with "held_out" and Metrics.Extra at the steps that have them, in one call of Write.
// Numbers have all their digits.
type JSONLines struct {
	W    io.Writer
	line []byte
}

// Record implements score.Recorder.
func (j *JSONLines) Record(m score.Metrics) error {
	b := append(j.line[:0], `{"step":`...)
	b = strconv.AppendInt(b, int64(m.Step), 10)
	b = strconv.AppendInt(append(b, `,"steps":`...), int64(m.Steps), 10)
	for _, f := range []struct {
		name  string
		value float64
	}{{`,"loss":`, m.Loss}, {`,"grad_norm":`, m.GradNorm}, {`,"rate":`, m.Rate}, {`,"held_out":`, m.HeldOut}} {
		if finite(f.value) { // JSON has no NaN
			b = appendNumber(append(b, f.name...), f.value)
		}
	}
	for _, f := range m.Extra {
		if finite(f.Value) {
			b = append(append(append(b, `,"`...), f.Name...), `":`...)
			b = appendNumber(b, f.Value)
		}
	}
	j.line = append(b, "}\n"...)
	_, err := j.W.Write(j.line)
	return err
}

// Validate implements nn.Validator; Fit asks it before the first step.
func (j *JSONLines) Validate() error { return writable("JSONLines.W", j.W) }

// writable returns an error for a writer that is missing.
func writable(field string, w io.Writer) error {
	if w == nil {
		return fmt.Errorf("%s: is nil, want an io.Writer: %w", field, score.ErrRange)
	}
	return nil
}

func appendNumber(b []byte, v float64) []byte { return strconv.AppendFloat(b, v, 'g', -1, 64) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

package record

import (
	"io"
	"math"
	"strconv"

	"github.com/gradlogp/gradlogp/score"
)

// CSV is a score.Recorder that writes a line of comma-separated values for every step,
// after a line with their names,
//
//	step,loss,grad_norm,rate,held_out
//
// and those of Metrics.Extra, empty at steps that have none, each in one call of
// Write. The
// names are left out when W has a method Size that says that something has been
// written already, as a LineFile has.
type CSV struct {
	W     io.Writer
	named bool
	line  []byte
}

// Record implements score.Recorder.
func (c *CSV) Record(m score.Metrics) error {
	if !c.named {
		if f, ok := c.W.(interface{ Size() int64 }); !ok || f.Size() == 0 {
			if _, err := io.WriteString(c.W, header(m)); err != nil {
				return err
			}
		}
		c.named = true
	}
	b := strconv.AppendInt(c.line[:0], int64(m.Step), 10)
	for _, v := range [...]float64{m.Loss, m.GradNorm, m.Rate, m.HeldOut} {
		b = appendCell(b, v)
	}
	for _, f := range m.Extra {
		b = appendCell(b, f.Value)
	}
	c.line = append(b, '\n')
	_, err := c.W.Write(c.line)
	return err
}

// Validate implements nn.Validator; Fit asks it before the first step.
func (c *CSV) Validate() error { return writable("CSV.W", c.W) }

func header(m score.Metrics) string {
	names := "step,loss,grad_norm,rate,held_out"
	for _, f := range m.Extra {
		names += "," + f.Name
	}
	return names + "\n"
}

func appendCell(b []byte, v float64) []byte {
	if b = append(b, ','); math.IsNaN(v) {
		return b
	}
	return appendNumber(b, v)
}

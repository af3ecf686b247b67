package score

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
)

// Recorders tells several Recorders of every step, in order, each also when one
// before it fails.
type Recorders []Recorder

// Record implements Recorder. It returns the errors of all.
func (all Recorders) Record(m Metrics) error {
	var err error
	for _, r := range all {
		if e := r.Record(m); e != nil {
			err = errors.Join(err, e)
		}
	}
	return err
}

// JSONLines is a Recorder that writes a line of JSON for every step,
//
//	{"step":1,"steps":20000,"loss":1.93,"grad_norm":2.1,"rate":1.2e-05,"held_out":1.88}
//
// with "held_out" and Measures at the steps that have them, in one call of Write.
// Numbers have all their digits.
type JSONLines struct {
	W    io.Writer
	line []byte
}

// Record implements Recorder.
func (j *JSONLines) Record(m Metrics) error {
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
	for _, f := range m.Measures {
		if finite(f.Value) {
			b = append(append(append(b, `,"`...), f.Name...), `":`...)
			b = appendNumber(b, f.Value)
		}
	}
	j.line = append(b, "}\n"...)
	_, err := j.W.Write(j.line)
	return err
}

// CSV is a Recorder that writes a line of comma-separated values for every step,
// after a line with their names,
//
//	step,loss,grad_norm,rate,held_out
//
// and those of Measures, empty at steps that have none, each in one call of
// Write. The
// names are left out when W has a method Size that says that something has been
// written already, as a LineFile has.
type CSV struct {
	W     io.Writer
	named bool
	line  []byte
}

// Record implements Recorder.
func (c *CSV) Record(m Metrics) error {
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
	for _, f := range m.Measures {
		b = appendCell(b, f.Value)
	}
	c.line = append(b, '\n')
	_, err := c.W.Write(c.line)
	return err
}

func header(m Metrics) string {
	names := "step,loss,grad_norm,rate,held_out"
	for _, f := range m.Measures {
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

func appendNumber(b []byte, v float64) []byte { return strconv.AppendFloat(b, v, 'g', -1, 64) }

// LineFile is a file of whole lines for a record of runs: what is written goes
// to its end without a buffer, and what a full disk or a crash left of a line is
// cut off, at once or by the next AppendLines. A resumed run repeats the steps
// after its checkpoint, with the same numbers.
type LineFile struct {
	file *os.File
	size int64
}

// AppendLines opens the file at path, which is made when it is missing.
func AppendLines(path string) (*LineFile, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("score: AppendLines: %w", err)
	}
	f := &LineFile{file: file}
	if err := f.mend(); err != nil {
		return nil, errors.Join(fmt.Errorf("score: AppendLines: %w", err), file.Close())
	}
	return f, nil
}

// mend cuts off what stands after the last line.
func (f *LineFile) mend() error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: want a regular file, not %v", f.file.Name(), info.Mode().Type())
	}
	end := info.Size()
	var last [1]byte
	for f.size = end; f.size > 0; f.size-- {
		if _, err := f.file.ReadAt(last[:], f.size-1); err != nil {
			return err
		}
		if last[0] == '\n' {
			break
		}
	}
	if f.size == end {
		return nil
	}
	return f.file.Truncate(f.size)
}

// Write appends whole lines: all of p, or, with an error, nothing.
func (f *LineFile) Write(p []byte) (int, error) {
	if _, err := f.file.WriteAt(p, f.size); err != nil {
		return 0, errors.Join(err, f.file.Truncate(f.size)) // the count may leave out a part that was written
	}
	f.size += int64(len(p))
	return len(p), nil
}

// Size returns the number of bytes of the file.
func (f *LineFile) Size() int64 { return f.size }

// Close syncs and closes the file.
func (f *LineFile) Close() error { return errors.Join(f.file.Sync(), f.file.Close()) }

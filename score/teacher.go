package score

import (
	"fmt"
	"hash/crc32"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// suitsTeacher returns an error for a teacher from which m cannot learn.
func (s *Settings) suitsTeacher(m *Model) error {
	t := s.Teacher
	if t == nil {
		return nil
	}
	const field = "score: Fit: Settings.Teacher"
	text := func(of any) string {
		s, _, err := describe("", of)
		if err != nil {
			return fmt.Sprintf("%T", of)
		}
		return s
	}
	var mine, its Conditions
	if m.cond != nil {
		mine = m.cond.Conditions
	}
	if t.cond != nil {
		its = t.cond.Conditions
	}
	switch {
	case t == m:
		return fmt.Errorf("%s: is the model itself, want another: %w", field, ErrRange)
	case t.dim != m.dim:
		return fmt.Errorf("%s: is a model of %d columns, want %d: %w", field, t.dim, m.dim, ErrShape)
	case m.levels || t.levels:
		return fmt.Errorf("%s: there is none with Config.ColumnLevels: %w", field, ErrRange)
	case text(t.process) != text(m.process):
		return fmt.Errorf("%s: has the process %s, want %s, that of the model: %w", field, text(t.process), text(m.process), ErrRange)
	case its.Columns != mine.Columns || !slices.Equal(its.Classes, mine.Classes):
		return fmt.Errorf("%s: has conditions of %d columns and classes %v, want %d and %v, as the model: %w", field, its.Columns, its.Classes, mine.Columns, mine.Classes, ErrShape)
	case m.calibrated && !sameFrame(m, t):
		return fmt.Errorf("%s: has another shift and scale than the model has from before: %w", field, ErrRange)
	case !t.calibrated && len(t.theta) > 0:
		return fmt.Errorf("%s: has not been trained: it comes neither from Fit nor from a file: %w", field, ErrRange)
	}
	return nil
}

func sameFrame(a, b *Model) bool {
	same := slices.Equal(a.shift, b.shift) && slices.Equal(a.scale, b.scale)
	if a.cond != nil {
		same = same && slices.Equal(a.cond.shift, b.cond.shift) && slices.Equal(a.cond.scale, b.cond.scale)
	}
	return same
}

// adoptFrame gives the model the frame of a teacher.
func (m *Model) adoptFrame(t *Model) {
	copy(m.shift, t.shift)
	copy(m.scale, t.scale)
	if m.cond != nil {
		copy(m.cond.shift, t.cond.shift)
		copy(m.cond.scale, t.cond.scale)
	}
	m.calibrated = true
}

// lesson computes the clean rows that a teacher sees in noisy ones.
type lesson struct {
	teacher    *Model
	alone      bool
	x, s, cond *mat.Dense
	times      []float64
	rows       [2][]int     // of the batch: with their condition, and without
	halved     *Progressive // nil but for that objective
}

func newLesson(b *batcher) *lesson {
	l := &lesson{
		teacher: b.s.Teacher, alone: b.s.Workers == 1, cond: b.m.conditionsOf(b.s.Batch),
		x: mat.NewDense(b.s.Batch, b.m.dim, nil), s: mat.NewDense(b.s.Batch, b.m.dim, nil), times: make([]float64, b.s.Batch),
	}
	if p, ok := b.s.Objective.(Progressive); ok {
		l.halved = &p
	}
	return l
}

// teach writes E[x₀ | x_t] of all rows of the batch into mean.
func (b *batcher) teach() {
	l := b.lesson
	l.rows[0], l.rows[1] = l.rows[0][:0], l.rows[1][:0]
	for i := range b.s.Batch {
		if b.ways.on(b, i) {
			continue
		}
		part := 0
		if b.dropped != nil && b.dropped[i%b.own] {
			part = 1
		}
		l.rows[part] = append(l.rows[part], i)
	}
	for part, rows := range l.rows {
		if len(rows) == 0 {
			continue
		}
		v := &View{m: l.teacher, alone: l.alone}
		for k, i := range rows {
			l.x.SetRow(k, b.noisy.RawRowView(i))
			l.times[k] = b.times[i%b.own]
			if l.cond != nil && part == 0 {
				l.cond.SetRow(k, b.cond.RawRowView(i%b.own))
			}
		}
		if l.cond != nil && part == 0 {
			v.cond = firstRows(l.cond, len(rows))
		}
		x, clean, times := firstRows(l.x, len(rows)), firstRows(l.s, len(rows)), l.times[:len(rows)]
		v.denoise(clean, x, times)
		if l.halved != nil {
			l.halved.twoSteps(v, clean, x, times)
		}
		for k, i := range rows {
			copy(b.mean.RawRowView(i), clean.RawRowView(k))
		}
	}
}

// denoise writes E[x₀ | x_t] = (x + σ²s)/α of the rows of x at the times t into dst.
func (v *View) denoise(dst, x *mat.Dense, t []float64) {
	v.Score(dst, x, t)
	for i, t := range t {
		α, σ := v.m.process.Kernel(t)
		out, x := dst.RawRowView(i), x.RawRowView(i)
		for j := range out {
			out[j] = (x[j] + σ*σ*out[j]) / α
		}
	}
}

// nameOfTeacher describes a teacher in a checkpoint.
func nameOfTeacher(t *Model) string {
	if t == nil {
		return "none"
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	fmt.Fprint(sum, t.theta, t.shift, t.scale)
	return fmt.Sprintf("a model of %d weights, %08x", len(t.theta), sum.Sum32())
}

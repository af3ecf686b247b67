package score

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gradlogp/gradlogp/nn/checkpoint"
)

// Names of what a checkpoint holds beside the model: tensors, then metadata.
const (
	tensorRaw       = runName + "weights"
	tensorEMA       = runName + "average"
	tensorBest      = runName + "best"
	tensorOptimizer = runName + "optimizer." // and a number
	tensorLosses    = runName + "losses"
	tensorChecks    = runName + "checks"

	metaStep     = "gradlogp.run.step"
	metaBestStep = "gradlogp.run.best_step"
	metaBestLoss = "gradlogp.run.best_loss"
	metaWarnings = "gradlogp.run.warnings"
	metaSettings = "gradlogp.settings." // and the field
)

// Resume goes on with the run whose checkpoint is the file at path, and returns
// what Fit would have returned if nothing had interrupted it: the same bits in m
// and in the Result. m must have been made as for the run, and data and settings
// must be the same, but for Workers, Recorder, Logger and Checkpoints. The
// Recorder sees the steps after the checkpoint.
//
// What is about the steps to come alone may change, and Result.Warnings says what
// did: Steps, to extend a run or to cut it short, Rate, Clip, ClipValue and
// Validation.Patience. A Rate of nil is the default of the new number of steps,
// which is higher at the step that the run has come to.
//
// A file that does not fit gives an error wrapping ErrMismatch that names the
// field, a damaged one an error of package checkpoint; then there is no Result
// and m is unchanged. That the data are the same is tested on the first rows
// that they serve.
func Resume(ctx context.Context, m *Model, data Data, s *Settings, path string) (*Result, error) {
	t, err := prepare(ctx, m, data, s)
	if err != nil {
		return nil, err
	}
	c, err := t.read(path)
	if err == nil && t.keeper != nil {
		err = t.keeper.start(true)
	}
	if err != nil {
		t.undo()
		return nil, err
	}
	m.set(c)
	for _, text := range t.changed {
		t.warn(fmt.Sprintf("resumed after step %d with %s", t.step, text))
	}
	return t.train()
}

// read restores the run from the checkpoint at path.
func (t *trainer) read(path string) (*content, error) {
	f, err := checkpoint.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("score: Resume: %w", err)
	}
	c, err := t.restore(f)
	if err != nil {
		return nil, fmt.Errorf("score: Resume: %s: %w", path, err)
	}
	return c, nil
}

// ahead are the settings that say nothing of the steps that have been made.
var ahead = []string{"Steps", "Rate", "Clip", "ClipValue", "Validation.Patience"}

// settings returns what a checkpoint must agree on with the run that resumes
// it, beside the model.
func (t *trainer) settings() ([]described, error) {
	s := &t.s
	var all []described
	for _, f := range []struct {
		name  string
		value any
	}{
		{"Objective", s.Objective}, {"Weight", s.Weight}, {"Times", s.Times}, {"Steps", s.Steps}, {"Batch", s.Batch},
		{"Independent", s.Independent}, {"References", s.References}, {"Rate", s.Rate},
		{"EMA", s.EMA}, {"Averaging", s.Averaging}, {"Clip", s.Clip}, {"ClipValue", s.ClipValue}, {"DropCond", s.DropCond},
		{"Scaling", s.Scaling.String()}, {"Regularize", s.Regularize}, {"Seed", s.Seed},
		{"Validation.Rows", s.Validation.Rows}, {"Validation.Every", s.Validation.Every}, {"Validation.Patience", s.Validation.Patience}, {"Validation.Zero", s.Validation.Zero},
		{"Patterns", s.Patterns}, {"Pool", s.Pool}, {"Teacher", nameOfTeacher(s.Teacher)}, {"BFloat16", s.BFloat16.String()},
	} {
		text, _, err := describe("Settings."+f.name, f.value)
		if err != nil {
			return nil, err
		}
		all = append(all, described{metaSettings + f.name, text})
	}
	text, err := describeExported("Settings.Optimizer", s.Optimizer)
	if err != nil {
		return nil, err
	}
	all = append(all, described{metaSettings + "Optimizer", text})
	rows, err := fingerprint(t.batch, calibrationStep)
	if err != nil {
		return nil, err
	}
	held := "none"
	if t.held != nil {
		if held, err = fingerprint(t.held.batch, heldOutStep); err != nil {
			return nil, err
		}
	}
	return append(all, described{"gradlogp.run.data", rows}, described{"gradlogp.run.held_out", held}), nil
}

// state returns the checkpoint of the run as it stands, but for the settings.
func (t *trainer) state() (*checkpoint.File, error) {
	f, err := t.m.file(t.left())
	if err != nil {
		return nil, err
	}
	warnings, err := json.Marshal(t.result.Warnings)
	if err != nil {
		return nil, err
	}
	f.Metadata[metaKind] = kindCheckpoint
	f.Metadata[metaStep] = strconv.Itoa(t.step)
	f.Metadata[metaWarnings] = string(warnings)
	add := func(name string, v []float32) {
		f.Tensors = append(f.Tensors, checkpoint.Tensor{Name: name, Shape: []int{len(v)}, Data: v})
	}
	add(tensorRaw, t.raw)
	add(tensorEMA, t.ema)
	if t.tracks != nil {
		for i, v := range t.tracks {
			add(tensorTrack+strconv.Itoa(i), v)
		}
	}
	if t.held != nil && t.held.best != nil {
		f.Metadata[metaBestStep] = strconv.Itoa(t.held.bestStep)
		f.Metadata[metaBestLoss] = strconv.FormatFloat(t.held.bestLoss, 'g', -1, 64)
		add(tensorBest, t.held.best)
	}
	for i, v := range t.s.Optimizer.State() {
		add(tensorOptimizer+strconv.Itoa(i), v)
	}
	checks := make([]float64, 0, 4*len(t.result.Diagnoses))
	for _, c := range t.result.Diagnoses {
		checks = append(checks, float64(c.Step), c.Explained, c.StandardErrors, c.Explainable)
	}
	f.Tensors = append(f.Tensors,
		checkpoint.Tensor{Name: tensorLosses, Shape: []int{len(t.losses)}, Data: t.losses},
		checkpoint.Tensor{Name: tensorChecks, Shape: []int{len(t.result.Diagnoses), 4}, Data: checks})
	return f, nil
}

// restore takes over the state of a checkpoint, and returns what is the model's,
// when all of it fits. After an error the run is of no use.
func (t *trainer) restore(f *checkpoint.File) (*content, error) {
	c, rest, err := t.m.parse(f)
	if err != nil {
		return nil, err
	}
	if kind := f.Metadata[metaKind]; kind != kindCheckpoint { // parse has let model pass only
		return nil, fmt.Errorf("the file is a %s, not a checkpoint of a run: %w", kind, ErrMismatch)
	}
	all, err := t.settings()
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		got := f.Metadata[d.key]
		field, setting := strings.CutPrefix(d.key, metaSettings)
		switch {
		case got == d.value:
		case got == "" && (field == "Patterns" && d.value == "nil" || field == "Validation.Zero" && d.value == "false" || field == "Pool" && t.s.Pool == (Pool{}) || field == "Teacher" && d.value == strconv.Quote(nameOfTeacher(nil))): // files from before there were any
		case field == "BFloat16" && (got == "" || got == "false") && t.s.BFloat16 == 0: // likewise, or when it was a bool
		case got != "" && setting && slices.Contains(ahead, field):
			t.changed = append(t.changed, fmt.Sprintf("Settings.%s %s instead of %s", field, d.value, quoted(got)))
		default:
			got, want := contrast(got, d.value)
			return nil, fmt.Errorf("%s is\n\t%s in the file,\n\t%s in this run: %w", strings.Replace(d.key, metaSettings, "Settings.", 1), got, want, ErrMismatch)
		}
	}
	if t.step, err = strconv.Atoi(f.Metadata[metaStep]); err != nil || t.step < 1 {
		return nil, fmt.Errorf("%s: is %s, want a step of 1 or more: %w", metaStep, quoted(f.Metadata[metaStep]), ErrRange)
	}
	if t.step > t.s.Steps {
		return nil, fmt.Errorf("Settings.Steps: is %d, want at least the %d that the run has made: %w", t.s.Steps, t.step, ErrRange)
	}
	for name, to := range map[string]*[]float32{tensorRaw: &t.raw, tensorEMA: &t.ema} {
		v, err := tensor[float32](rest, name, len(*to))
		if err != nil {
			return nil, err
		}
		copy(*to, v)
	}
	if t.losses, err = tensor[float64](rest, tensorLosses, t.step); err != nil {
		return nil, err
	}
	if err := t.restoreTracks(rest); err != nil {
		return nil, err
	}
	if err := t.restoreOptimizer(rest); err != nil {
		return nil, err
	}
	if err := t.restoreValidation(f.Metadata, rest); err != nil {
		return nil, err
	}
	if err := t.restoreResult(f.Metadata, rest); err != nil {
		return nil, err
	}
	for _, left := range f.Tensors {
		if _, unknown := rest[left.Name]; unknown {
			return nil, fmt.Errorf("the file has a tensor %s that the run has not: %w", cut(left.Name, 0, 80), ErrMismatch)
		}
	}
	return c, nil
}

// restoreOptimizer restores the state in place, after the start of a step, which
// makes room for it.
func (t *trainer) restoreOptimizer(rest map[string]checkpoint.Tensor) error {
	t.s.Optimizer.Begin(len(t.raw), 0, 0)
	for i, to := range t.s.Optimizer.State() {
		v, err := tensor[float32](rest, tensorOptimizer+strconv.Itoa(i), len(to))
		if err != nil {
			return err
		}
		copy(to, v)
	}
	return nil
}

// restoreValidation restores the best weights, if there was a look at the
// held-out rows.
func (t *trainer) restoreValidation(meta map[string]string, rest map[string]checkpoint.Tensor) (err error) {
	if _, ok := rest[tensorBest]; t.held == nil || !ok {
		return nil
	}
	v := t.held
	if v.best, err = tensor[float32](rest, tensorBest, len(t.raw)); err != nil {
		return err
	}
	if v.bestLoss, err = strconv.ParseFloat(meta[metaBestLoss], 64); err != nil || !finite(v.bestLoss) {
		return fmt.Errorf("%s is %s, want a finite number: %w", metaBestLoss, quoted(meta[metaBestLoss]), ErrRange)
	}
	if v.bestStep, err = strconv.Atoi(meta[metaBestStep]); err != nil || v.bestStep < 0 || v.bestStep > t.step {
		return fmt.Errorf("%s is %s, want a step on [0, %d]: %w", metaBestStep, quoted(meta[metaBestStep]), t.step, ErrRange)
	}
	return nil
}

// restoreResult restores checks and warnings.
func (t *trainer) restoreResult(meta map[string]string, rest map[string]checkpoint.Tensor) error {
	if err := json.Unmarshal([]byte(meta[metaWarnings]), &t.result.Warnings); err != nil {
		return fmt.Errorf("%s: %w: %w", metaWarnings, err, ErrMismatch)
	}
	shape := rest[tensorChecks].Shape
	if len(shape) == 0 {
		shape = []int{0}
	}
	checks, err := anyTensor[float64](rest, tensorChecks, shape[0], 4)
	if err != nil {
		return err
	}
	for c := range slices.Chunk(checks, 4) {
		if !(c[0] >= 1 && c[0] <= float64(t.step)) || c[0] != math.Trunc(c[0]) {
			return fmt.Errorf("tensor %s has a check after step %v, want a step on [1, %d]: %w", tensorChecks, c[0], t.step, ErrRange)
		}
		t.result.Diagnoses = append(t.result.Diagnoses, Diagnosis{Step: int(c[0]), Explained: c[1], StandardErrors: c[2], Explainable: c[3]})
	}
	return nil
}

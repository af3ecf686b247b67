package score

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// Checkpoints say where and how often the state of a run is kept: after every so
// many steps, after the last one, and when the context ends the run. A
// checkpoint is a safetensors file (package checkpoint) put in place in one
// step, so that a directory holds whole ones at any moment, whatever kills the
// process. Latest finds the newest and Resume goes on from it.
type Checkpoints struct {
	// Dir is the directory, which is made when it is missing. It has to be
	// empty of checkpoints when Fit starts.
	Dir string
	// Every is the number of steps from one to the next; 0 is 1,000.
	Every int
	// Keep is the number of the newest that are kept; 0 is 3, or all with Averages, None
	// is all.
	Keep int
	// Averages keeps two more averages of the weights in each of them, from which
	// Model.LoadAverage makes the average of any width after the run.
	Averages bool
}

// Checkpoints are called step-000001000.safetensors.
const keptPrefix, keptSuffix = "step-", ".safetensors"

// Latest returns the path of the newest checkpoint in a directory, and an error
// wrapping fs.ErrNotExist when there is none.
func Latest(dir string) (string, error) {
	all, err := kept(dir)
	if err != nil {
		return "", fmt.Errorf("score: Latest: %w", err)
	}
	if len(all) == 0 {
		return "", fmt.Errorf("score: Latest: no checkpoint in %s: %w", dir, fs.ErrNotExist)
	}
	return all[len(all)-1].path, nil
}

type keptFile struct {
	step int
	path string
}

// kept lists the checkpoints of a directory, the oldest first.
func kept(dir string) ([]keptFile, error) {
	entries, err := os.ReadDir(dir) // sorted, and so are the steps
	if err != nil {
		return nil, err
	}
	var all []keptFile
	for _, e := range entries {
		digits, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), keptSuffix), keptPrefix)
		step, err := strconv.Atoi(digits)
		if ok && err == nil && e.Name() == keptName(step) {
			all = append(all, keptFile{step, filepath.Join(dir, e.Name())})
		}
	}
	return all, nil
}

func keptName(step int) string { return fmt.Sprintf("%s%09d%s", keptPrefix, step, keptSuffix) }

// keeper writes the checkpoints of a run.
type keeper struct {
	Checkpoints
	settings []described
	last     int // the step of the last one
}

// newKeeper finds out before the first step whether all that a checkpoint says
// can be written.
func newKeeper(t *trainer) (*keeper, error) {
	settings, err := t.settings()
	var f *checkpoint.File
	if err == nil {
		f, err = t.m.file(t.left())
	}
	k := &keeper{Checkpoints: t.s.Checkpoints, settings: settings}
	if err == nil {
		err = checkpoint.Write(io.Discard, k.with(f))
	}
	if err != nil {
		return nil, fmt.Errorf("score: Fit: Settings.Checkpoints: %w", err)
	}
	return k, nil
}

// with adds the settings to a file.
func (k *keeper) with(f *checkpoint.File) *checkpoint.File {
	for _, d := range k.settings {
		f.Metadata[d.key] = d.value
	}
	return f
}

// start finds out whether the directory, which a new run needs empty, can be
// written to.
func (k *keeper) start(resumed bool) error {
	err := k.probe(resumed)
	if err != nil {
		return fmt.Errorf("score: Fit: Settings.Checkpoints.Dir: %w", err)
	}
	return nil
}

func (k *keeper) probe(resumed bool) error {
	if err := os.MkdirAll(k.Dir, 0o777); err != nil {
		return err
	}
	all, err := kept(k.Dir)
	if err != nil {
		return err
	}
	if len(all) > 0 && !resumed {
		return fmt.Errorf("%s: %w; Resume the run, or choose another directory", all[len(all)-1].path, fs.ErrExist)
	}
	temp, err := os.CreateTemp(k.Dir, ".probe")
	if err != nil {
		return err
	}
	return errors.Join(temp.Close(), os.Remove(temp.Name()))
}

// save writes a checkpoint when one is due, or now, unless there is one of this
// step.
func (t *trainer) save(now bool) error {
	k := t.keeper
	if k == nil || t.step == k.last || (!now && t.step%k.Every != 0) {
		return nil
	}
	for _, v := range [][]float32{t.raw, t.ema} {
		if i := indexNonFinite(v); i >= 0 {
			return fmt.Errorf("score: Fit: step %d: the optimiser made weight %s %v; no checkpoint is written: %w", t.step, t.nameOf(i), v[i], ErrNonFinite)
		}
	}
	f, err := t.state()
	if err != nil {
		return fmt.Errorf("score: Fit: checkpoint after step %d: %w", t.step, err)
	}
	path := filepath.Join(k.Dir, keptName(t.step))
	if err := checkpoint.WriteFile(path, k.with(f)); err != nil {
		return fmt.Errorf("score: Fit: checkpoint after step %d: %w", t.step, err)
	}
	k.last = t.step
	t.log.Info("score: checkpoint", "step", t.step, "path", path)
	if err := k.retire(); err != nil {
		return fmt.Errorf("score: Fit: checkpoint after step %d: %w", t.step, err)
	}
	return nil
}

// retire removes all but the newest checkpoints up to the last one. Younger ones
// are of a run that was resumed from an older step: they will be written again.
func (k *keeper) retire() error {
	all, err := kept(k.Dir)
	if err != nil {
		return err
	}
	for len(all) > 0 && all[len(all)-1].step > k.last {
		all = all[:len(all)-1]
	}
	for i := 0; k.Keep > 0 && i < len(all)-k.Keep; i++ {
		if err := os.Remove(all[i].path); err != nil {
			return err
		}
	}
	return nil
}

// fingerprint describes the rows that a Data serves, by the first at a step.
func fingerprint(b *batcher, step int) (string, error) {
	const n = 64
	d, cond := b.data.Dims()
	x := mat.NewDense(n, d, nil)
	var c *mat.Dense
	if cond > 0 {
		c = mat.NewDense(n, cond, nil)
	}
	if err := b.data.Batch(x, c, step, 0, b.rng.at(b.s.Seed, noise.Draw{Purpose: noise.Data, Step: step})); err != nil {
		return "", fmt.Errorf("data at %s: %w", stepName(step), err)
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	for _, m := range []*mat.Dense{x, c} {
		if m != nil {
			fmt.Fprint(sum, m.RawMatrix().Data)
		}
	}
	return fmt.Sprintf("%d+%d columns, first rows %08x", d, cond, sum.Sum32()), nil
}

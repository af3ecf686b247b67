package score

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/sde"
)

// Open returns the model in the file at path, which SaveFile or a run with
// Checkpoints has written: process, network, preconditioning, conditions,
// weights, shift, scale and Metadata. Its scores have the bits of those of the
// model that was saved, and Fit and Resume go on with it as with that model.
//
// Only parts of this library can be made from a description. A model that has
// others, types of the user's own, gives an error that names them and wraps
// ErrNotSerializable: make it with New from its Config, and fill it by LoadFile. So
// can a description of more than 10,000 parts and widths, which is an error, too.
// A damaged file, or one that is no model, gives the errors of LoadFile.
func Open(path string) (*Model, error) {
	f, err := checkpoint.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("score: Open: %w", err)
	}
	m, err := open(f)
	if err != nil {
		return nil, fmt.Errorf("score: Open: %s: %w", path, err)
	}
	return m, nil
}

// MetadataOf returns the Metadata of the model in the file at path, without making the model,
// so that parts of it may be the user's own. Errors are those of LoadFile.
func MetadataOf(path string) (map[string]string, error) {
	f, err := checkpoint.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("score: MetadataOf: %w", err)
	}
	if f.Version < 1 || f.Metadata[metaKind] == "" {
		return nil, fmt.Errorf("score: MetadataOf: %s: the file is not a saved model: %w", path, ErrMismatch)
	}
	own := map[string]string{}
	for k, v := range f.Metadata {
		if k, ok := strings.CutPrefix(k, metaUser); ok {
			own[k] = v
		}
	}
	return own, nil
}

// open makes the model of a file.
func open(f *checkpoint.File) (*Model, error) {
	if f.Version < 1 || f.Metadata[metaKind] == "" {
		return nil, fmt.Errorf("the file is not a saved model: %w", ErrMismatch)
	}
	if own := f.Metadata[metaOwn]; own != "" {
		return nil, fmt.Errorf("the model has parts that are not of this library, %s; make it with New from its Config, and fill it by LoadFile: %w", quoted(own), ErrNotSerializable)
	}
	size, weights := sizeOf(f)
	d, c, err := configOf(f, size)
	if err != nil {
		return nil, err
	}
	m, err := build(d, c, weights)
	if err != nil {
		return nil, err
	}
	if err := m.adopt(f); err != nil {
		return nil, err
	}
	if text := f.Metadata[metaFree]; text != "" {
		if m.seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			return nil, fmt.Errorf("%s is %s, want a seed: %w", metaFree, quoted(text), ErrMismatch)
		}
		m.free = true
	}
	return m, nil
}

// sizeOf returns how many numbers a file has, with some for widths that no weight
// belongs to, and how many of them are weights of the network.
func sizeOf(f *checkpoint.File) (size, weights int) {
	size = 1 << 16
	for _, t := range f.Tensors {
		n := 1
		for _, k := range t.Shape {
			n *= k
		}
		if size += n; strings.HasPrefix(t.Name, weightsName) {
			weights += n
		}
	}
	return size, weights
}

// follow gives a model whose network nobody has chosen that of a file, if it is one
// that the file alone can bring back, and returns what takes that back.
func (m *Model) follow(f *checkpoint.File) (undo func()) {
	before := m.learner
	undo = func() { m.learner = before }
	text, _, err := describe("Config.Net", m.net)
	if !m.free || err != nil || text == f.Metadata[metaNet] {
		return undo
	}
	size, weights := sizeOf(f)
	net, err := decode[nn.Module](f.Metadata[metaNet], size)
	if err != nil {
		return undo
	}
	if p, err := m.paramsOf(net); err == nil && p.Len() == weights {
		if m.install(net) != nil {
			undo()
		}
	}
	return undo
}

// configOf returns the dimension and the Config that a file describes. size
// bounds the widths in it.
func configOf(f *checkpoint.File, size int) (d int, c *Config, err error) {
	if d, err = strconv.Atoi(f.Metadata[metaDim]); err != nil || d < 1 || d > size {
		return 0, nil, fmt.Errorf("%s is %s, want the number of columns: %w", metaDim, quoted(f.Metadata[metaDim]), ErrMismatch)
	}
	c = &Config{}
	if c.Process, err = decode[sde.SDE](f.Metadata[metaProcess], size); err != nil {
		return 0, nil, fmt.Errorf("%s: %w", metaProcess, err)
	}
	if c.Net, err = decode[nn.Module](f.Metadata[metaNet], size); err != nil {
		return 0, nil, fmt.Errorf("%s: %w", metaNet, err)
	}
	if c.Precond, err = decode[Precond](f.Metadata[metaPrecond], size); err != nil {
		return 0, nil, fmt.Errorf("%s: %w", metaPrecond, err)
	}
	if text := f.Metadata[metaCond]; text != "" {
		if c.Cond, err = decode[Conditions](text, size); err != nil {
			return 0, nil, fmt.Errorf("%s: %w", metaCond, err)
		}
	}
	for key, is := range map[string]*bool{metaLevels: &c.ColumnLevels, metaMaps: &c.FlowMap} {
		switch text := f.Metadata[key]; text {
		case "", "true":
			*is = text != ""
		default:
			return 0, nil, fmt.Errorf("%s is %s, want true, or nothing: %w", key, quoted(text), ErrMismatch)
		}
	}
	if c.MinNoise, err = strconv.ParseFloat(f.Metadata[metaMinNoise], 64); err != nil {
		return 0, nil, fmt.Errorf("%s is %s, want a number: %w", metaMinNoise, quoted(f.Metadata[metaMinNoise]), ErrMismatch)
	}
	if c.MinNoise == 0 {
		c.MinNoise = None // in a file 0 is none, in a Config the default
	}
	return d, c, nil
}

// build is New for parts that come from a file: no weights are made that the file
// has not.
func build(d int, c *Config, weights int) (*Model, error) {
	if err := c.Cond.validate(); err != nil {
		return nil, err
	}
	p, err := (&Model{dim: d, cond: newConditions(c.Cond), levels: c.ColumnLevels, maps: c.FlowMap}).paramsOf(c.Net)
	if err != nil {
		return nil, err
	}
	if p.Len() != weights {
		return nil, fmt.Errorf("the network has %d weights, the file %d: %w", p.Len(), weights, ErrMismatch)
	}
	return New(d, c)
}

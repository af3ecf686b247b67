package score

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/gradlogp/gradlogp/nn/checkpoint"
)

// Names of what a model file holds beside the network's parameters.
const (
	tensorShift = "frame.shift"
	tensorScale = "frame.scale"
	condShift   = "condition.shift"
	condScale   = "condition.scale"
	weightsName = "net."
	runName     = "run." // a checkpoint's further tensors

	metaKind     = "gradlogp.kind"
	metaDim      = "gradlogp.dim"
	metaProcess  = "gradlogp.process"
	metaNet      = "gradlogp.network"
	metaPrecond  = "gradlogp.preconditioning"
	metaMinNoise = "gradlogp.min_noise"
	metaCond     = "gradlogp.conditions"
	metaLevels   = "gradlogp.column_levels"
	metaMaps     = "gradlogp.flow_map"
	metaFitted   = "gradlogp.calibrated"
	metaOwn      = "gradlogp.own"         // parts that Open cannot make
	metaFree     = "gradlogp.recommended" // the seed of a model whose network is Fit's choice
	metaUser     = "user."                // and a key of Model.Metadata

	kindModel      = "model"
	kindCheckpoint = "checkpoint"
)

// described is one thing that a file must agree on with whoever loads it.
type described struct{ key, value string }

// description returns what a file must agree on with the model that loads it,
// and the types of the parts that Open cannot make.
func (m *Model) description() (all []described, own []string, err error) {
	all = []described{{metaKind, kindModel}, {metaDim, strconv.Itoa(m.dim)}}
	add := func(key, name string, value any) {
		text, types, e := describe(name, value)
		if err == nil {
			err = e
		}
		all, own = append(all, described{key, text}), append(own, types...)
	}
	add(metaProcess, "Config.Process", m.process)
	add(metaNet, "Config.Net", m.net)
	add(metaPrecond, "Config.Precond", m.precond)
	all = append(all, described{metaMinNoise, strconv.FormatFloat(m.freeze, 'g', -1, 64)}, described{metaLevels, ""})
	if m.levels { // files of models without say nothing
		all[len(all)-1].value = "true"
	}
	if all = append(all, described{metaMaps, ""}); m.maps { // likewise
		all[len(all)-1].value = "true"
	}
	if m.cond == nil {
		return append(all, described{metaCond, ""}), own, err // files of models without conditions say nothing
	}
	add(metaCond, "Config.Cond", m.cond.Conditions)
	return all, own, err
}

// Save writes the model to w: a safetensors file with the weights, shift, scale
// and Metadata, which describes the process, the network, the preconditioning
// and the conditions as Go expressions, with a format version and a CRC-32C of
// the whole. To replace a file safely use SaveFile.
//
// A value that holds functions, as sde.Schedule does, has no such form that
// another process could compare: then nothing is written and the error wraps
// ErrNotSerializable and names the field. A type around it with a method
// GoString, whose text changes whenever the functions do, is the way to save it.
func (m *Model) Save(w io.Writer) error {
	if isNil(w) {
		return fmt.Errorf("score: Save: w: is nil, want a writer: %w", ErrRange)
	}
	f, err := m.file(m.theta)
	if err == nil {
		err = checkpoint.Write(w, f)
	}
	if err != nil {
		return fmt.Errorf("score: Save: %w", err)
	}
	return nil
}

// SaveFile saves the model at path in one step: whoever opens path, also after
// a crash, finds the whole old file or the whole new one.
func (m *Model) SaveFile(path string) error {
	f, err := m.file(m.theta)
	if err == nil {
		err = checkpoint.WriteFile(path, f)
	}
	if err != nil {
		return fmt.Errorf("score: SaveFile: %w", err)
	}
	return nil
}

// file returns the model's file with the weights theta.
func (m *Model) file(theta []float32) (*checkpoint.File, error) {
	all, own, err := m.description()
	if err != nil {
		return nil, err
	}
	f := &checkpoint.File{Metadata: map[string]string{metaFitted: strconv.FormatBool(m.calibrated)}}
	for k, v := range m.Metadata {
		f.Metadata[metaUser+k] = v
	}
	if m.free {
		f.Metadata[metaFree] = strconv.FormatUint(m.seed, 10)
	}
	if len(own) > 0 {
		f.Metadata[metaOwn] = strings.Join(own, ", ")
	}
	for _, d := range all {
		if d.value != "" {
			f.Metadata[d.key] = d.value
		}
	}
	f.Tensors = append(f.Tensors,
		checkpoint.Tensor{Name: tensorShift, Shape: []int{m.dim}, Data: m.shift},
		checkpoint.Tensor{Name: tensorScale, Shape: []int{m.dim}, Data: m.scale})
	if m.cond != nil && m.cond.Columns > 0 {
		f.Tensors = append(f.Tensors,
			checkpoint.Tensor{Name: condShift, Shape: []int{m.cond.Columns}, Data: m.cond.shift},
			checkpoint.Tensor{Name: condScale, Shape: []int{m.cond.Columns}, Data: m.cond.scale})
	}
	for _, e := range m.params.Entries() {
		f.Tensors = append(f.Tensors, checkpoint.Tensor{
			Name: weightsName + e.Name, Shape: []int{e.Rows, e.Cols}, Data: theta[e.Offset : e.Offset+e.Rows*e.Cols],
		})
	}
	return f, nil
}

// Load fills the model with the weights, shift, scale and Metadata that Save
// wrote. The
// model must have been made with the process, network, preconditioning and
// MinNoise of the one saved, or without a network of its own (Config.Net nil), when
// it takes that of the file; otherwise the error wraps ErrMismatch and prints
// both. A checkpoint of Fit is a model's file too: its weights are those that
// Fit would have left. A damaged file, or one without version and checksum,
// gives an error that wraps one of package checkpoint's, NaN or infinite numbers
// one that wraps ErrNonFinite. After an error the model is unchanged.
func (m *Model) Load(r io.Reader) error {
	if isNil(r) {
		return fmt.Errorf("score: Load: r: is nil, want a reader: %w", ErrRange)
	}
	f, err := checkpoint.Read(r)
	if err != nil {
		return fmt.Errorf("score: Load: %w", err)
	}
	if err := m.adopt(f); err != nil {
		return fmt.Errorf("score: Load: %w", err)
	}
	return nil
}

// LoadFile loads the model from the file at path.
func (m *Model) LoadFile(path string) error {
	f, err := checkpoint.ReadFile(path)
	if err != nil {
		return fmt.Errorf("score: LoadFile: %w", err)
	}
	if err := m.adopt(f); err != nil {
		return fmt.Errorf("score: LoadFile: %s: %w", path, err)
	}
	return nil
}

// adopt takes over what a file holds, when all of it fits.
func (m *Model) adopt(f *checkpoint.File) (err error) {
	undo := m.follow(f)
	defer func() {
		if err != nil {
			undo()
		}
	}()
	c, rest, err := m.parse(f)
	if err != nil {
		return err
	}
	for _, t := range f.Tensors {
		if _, left := rest[t.Name]; left && !(f.Metadata[metaKind] == kindCheckpoint && strings.HasPrefix(t.Name, runName)) {
			return fmt.Errorf("the file has a tensor %s that the model has not: %w", cut(t.Name, 0, 80), ErrMismatch)
		}
	}
	m.set(c)
	return nil
}

// content is what a file changes in a model.
type content struct {
	shift, scale []float64
	cond         *conditions
	theta        []float32
	calibrated   bool
	metadata     map[string]string
}

func (m *Model) set(c *content) {
	m.shift, m.scale, m.cond, m.calibrated, m.Metadata = c.shift, c.scale, c.cond, c.calibrated, c.metadata
	m.setWeights(c.theta)
}

// parse checks a file against the model, and returns what is the model's and the
// tensors that are not.
func (m *Model) parse(f *checkpoint.File) (c *content, rest map[string]checkpoint.Tensor, err error) {
	if f.Version < 1 {
		return nil, nil, fmt.Errorf("the file has no format version and checksum; it is not a saved model: %w", checkpoint.ErrVersion)
	}
	all, _, err := m.description()
	if err != nil {
		return nil, nil, err
	}
	for _, d := range all {
		got := f.Metadata[d.key]
		if d.key == metaKind && got == kindCheckpoint {
			continue
		}
		if got != d.value {
			got, want := contrast(got, d.value)
			return nil, nil, fmt.Errorf("%s is\n\t%s in the file,\n\t%s in the model: %w", d.key, got, want, ErrMismatch)
		}
	}
	rest = make(map[string]checkpoint.Tensor, len(f.Tensors))
	for _, t := range f.Tensors {
		rest[t.Name] = t
	}
	fitted := f.Metadata[metaFitted]
	if fitted != "true" && fitted != "false" {
		return nil, nil, fmt.Errorf("%s is %s, want true or false: %w", metaFitted, quoted(fitted), ErrMismatch)
	}
	c = &content{calibrated: fitted == "true", theta: make([]float32, len(m.theta)), cond: m.cond.clone()}
	for k, v := range f.Metadata {
		if k, ok := strings.CutPrefix(k, metaUser); ok {
			if c.metadata == nil {
				c.metadata = map[string]string{}
			}
			c.metadata[k] = v
		}
	}
	if c.shift, c.scale, err = frameIn(rest, tensorShift, tensorScale, m.dim); err != nil {
		return nil, nil, err
	}
	if c.cond != nil && c.cond.Columns > 0 {
		if c.cond.shift, c.cond.scale, err = frameIn(rest, condShift, condScale, c.cond.Columns); err != nil {
			return nil, nil, err
		}
	}
	for _, e := range m.params.Entries() {
		v, err := tensor[float32](rest, weightsName+e.Name, e.Rows, e.Cols)
		if err != nil {
			return nil, nil, err
		}
		copy(c.theta[e.Offset:], v)
	}
	return c, rest, nil
}

// frameIn takes a shift and a scale of n numbers out of the map.
func frameIn(tensors map[string]checkpoint.Tensor, shiftName, scaleName string, n int) (shift, scale []float64, err error) {
	if shift, err = tensor[float64](tensors, shiftName, n); err != nil {
		return nil, nil, err
	}
	if scale, err = tensor[float64](tensors, scaleName, n); err != nil {
		return nil, nil, err
	}
	for i, v := range scale {
		if v <= 0 {
			return nil, nil, fmt.Errorf("%s[%d] is %v, want a positive number: %w", scaleName, i, v, ErrRange)
		}
	}
	return shift, scale, nil
}

// tensor takes the named tensor out of the map and checks its type, shape and
// numbers.
func tensor[T float32 | float64](tensors map[string]checkpoint.Tensor, name string, shape ...int) ([]T, error) {
	data, err := anyTensor[T](tensors, name, shape...)
	if err != nil {
		return nil, err
	}
	if i := indexNonFinite(data); i >= 0 {
		return nil, fmt.Errorf("number %d of tensor %s is %v: %w", i, name, data[i], ErrNonFinite)
	}
	return data, nil
}

// anyTensor is tensor for numbers that may be anything.
func anyTensor[T float32 | float64](tensors map[string]checkpoint.Tensor, name string, shape ...int) ([]T, error) {
	t, ok := tensors[name]
	if !ok {
		return nil, fmt.Errorf("the file has no tensor %s: %w", name, ErrMismatch)
	}
	delete(tensors, name)
	data, ok := t.Data.([]T)
	if !ok || !slices.Equal(t.Shape, shape) {
		return nil, fmt.Errorf("tensor %s is %T of shape %s, want %T of shape %v: %w", name, t.Data, cut(fmt.Sprint(t.Shape), 0, 80), data, shape, ErrMismatch)
	}
	return data, nil
}

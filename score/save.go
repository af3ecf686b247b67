package score

import (
	"fmt"
	"io"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/checkpoint"
)

// Names of what a model file holds beside the network's parameters.
const (
	tensorShift = "frame.shift"
	tensorScale = "frame.scale"
	condShift   = "condition.shift"
	condScale   = "condition.scale"
	weightsName = "net."

	metaKind    = "gradlogp.kind"
	metaDim     = "gradlogp.dim"
	metaProcess = "gradlogp.process"
	metaNet     = "gradlogp.network"
	metaPrecond = "gradlogp.preconditioning"
	metaFreeze  = "gradlogp.freeze"
	metaCond    = "gradlogp.conditions"
	metaFitted  = "gradlogp.calibrated"

	kindModel = "model"
)

// description returns what a file must agree on with the model that loads it.
func (m *Model) description() []struct{ key, value string } {
	given := "" // files of models without conditions say nothing
	if m.cond != nil {
		given = fmt.Sprintf("%#v", m.cond.Conditions)
	}
	return []struct{ key, value string }{
		{metaKind, kindModel},
		{metaDim, strconv.Itoa(m.dim)},
		{metaProcess, fmt.Sprintf("%#v", m.process)},
		{metaNet, fmt.Sprintf("%#v", m.net)},
		{metaPrecond, fmt.Sprintf("%#v", m.precond)},
		{metaFreeze, strconv.FormatFloat(m.freeze, 'g', -1, 64)},
		{metaCond, given},
	}
}

// Save writes the model to w: a safetensors file with the weights, shift and
// scale, whose metadata describe the process, the network and the
// preconditioning as Go values (their %#v form, so that pointers in a Module
// need a GoStringer), with a format version and a CRC-32C of the whole. To
// replace a file safely use SaveFile.
func (m *Model) Save(w io.Writer) error {
	if err := checkpoint.Write(w, m.file()); err != nil {
		return fmt.Errorf("score: Save: %w", err)
	}
	return nil
}

// SaveFile saves the model at path in one step: whoever opens path, also after
// a crash, finds the whole old file or the whole new one.
func (m *Model) SaveFile(path string) error {
	if err := checkpoint.WriteFile(path, m.file()); err != nil {
		return fmt.Errorf("score: SaveFile: %w", err)
	}
	return nil
}

func (m *Model) file() *checkpoint.File {
	f := &checkpoint.File{Metadata: map[string]string{metaFitted: strconv.FormatBool(m.calibrated)}}
	for _, d := range m.description() {
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
			Name: weightsName + e.Name, Shape: []int{e.Rows, e.Cols}, Data: m.theta[e.Offset : e.Offset+e.Rows*e.Cols],
		})
	}
	return f
}

// Load fills the model with the weights, shift and scale that Save wrote. The
// model must have been made with the process, network, preconditioning and
// freeze of the one saved; otherwise the error wraps ErrMismatch and prints
// both. A damaged file, or one without version and checksum, gives an error
// that wraps one of package checkpoint's, NaN or infinite numbers one that
// wraps ErrNonFinite. After an error the model is unchanged.
func (m *Model) Load(r io.Reader) error {
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
func (m *Model) adopt(f *checkpoint.File) error {
	if f.Version < 1 {
		return fmt.Errorf("%w: the file has no format version and checksum; it is not a saved model", checkpoint.ErrVersion)
	}
	for _, d := range m.description() {
		if got := f.Metadata[d.key]; got != d.value {
			return fmt.Errorf("%w: %s is\n\t%s in the file,\n\t%s in the model", ErrMismatch, d.key, got, d.value)
		}
	}
	tensors := make(map[string]checkpoint.Tensor, len(f.Tensors))
	for _, t := range f.Tensors {
		tensors[t.Name] = t
	}
	shift, scale, err := frameIn(tensors, tensorShift, tensorScale, m.dim)
	if err != nil {
		return err
	}
	cond := m.cond.clone()
	if cond != nil && cond.Columns > 0 {
		if cond.shift, cond.scale, err = frameIn(tensors, condShift, condScale, cond.Columns); err != nil {
			return err
		}
	}
	theta := make([]float32, len(m.theta))
	for _, e := range m.params.Entries() {
		v, err := tensor[float32](tensors, weightsName+e.Name, e.Rows, e.Cols)
		if err != nil {
			return err
		}
		copy(theta[e.Offset:], v)
	}
	for _, t := range f.Tensors {
		if _, left := tensors[t.Name]; left {
			return fmt.Errorf("%w: the file has a tensor %s that the model has not", ErrMismatch, t.Name)
		}
	}
	m.shift, m.scale, m.calibrated = shift, scale, f.Metadata[metaFitted] == "true"
	m.cond = cond
	m.setWeights(theta)
	return nil
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
			return nil, nil, fmt.Errorf("%w: %s[%d] is %v, want a positive number", ErrRange, scaleName, i, v)
		}
	}
	return shift, scale, nil
}

// tensor takes the named tensor out of the map and checks its type, shape and
// numbers.
func tensor[T float32 | float64](tensors map[string]checkpoint.Tensor, name string, shape ...int) ([]T, error) {
	t, ok := tensors[name]
	if !ok {
		return nil, fmt.Errorf("%w: the file has no tensor %s", ErrMismatch, name)
	}
	delete(tensors, name)
	data, ok := t.Data.([]T)
	if !ok || fmt.Sprint(t.Shape) != fmt.Sprint(shape) {
		return nil, fmt.Errorf("%w: tensor %s is %T of shape %v, want %T of shape %v", ErrMismatch, name, t.Data, t.Shape, data, shape)
	}
	if i := indexNonFinite(data); i >= 0 {
		return nil, fmt.Errorf("%w: number %d of tensor %s is %v", ErrNonFinite, i, name, data[i])
	}
	return data, nil
}

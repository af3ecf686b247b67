package score

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradlogp/gradlogp/nn/checkpoint"
)

// TensorName says where another program keeps a parameter: the name of the
// tensor, and whether that is the transpose of ours. Weights here multiply rows
// from the right, x·W with W in×out; PyTorch's Linear holds out×in.
type TensorName struct {
	Name       string
	Transposed bool
}

// PyTorch is the name map for a network of torch.nn.Linear layers whose
// attributes are called as the scopes here: the tensor of a parameter has its
// name, "hidden0.weight", "hidden0.bias", …, "output.bias", and what is called
// weight is transposed. A FiLM's "hidden0.scale" and "hidden0.shift" are plain
// torch.nn.Parameters of shape [in, out].
func PyTorch(parameter string) TensorName {
	return TensorName{parameter, parameter == "weight" || strings.HasSuffix(parameter, ".weight")}
}

// LoadWeights fills the network with weights that another program has saved as
// safetensors, read by checkpoint.ReadFile; names gives the place of each
// parameter, PyTorch or a function of one's own. Numbers may be of half
// precision (F16, BF16), float32 or float64; a parameter of one row may be a vector there. Other tensors of the
// file are not looked at. The network, its features and the preconditioning have
// to compute what they did there, which no file can tell. Shift and scale stay
// what they are (of a new model 0 and 1), and a Fit from here keeps them.
//
// A missing tensor and one of another type or shape give an error wrapping
// ErrMismatch, NaN or infinite numbers one wrapping ErrNonFinite; then the model
// is unchanged.
func (m *Model) LoadWeights(f *checkpoint.File, names func(parameter string) TensorName) error {
	theta := make([]float32, len(m.theta))
	for _, e := range m.params.Entries() {
		at := names(e.Name)
		i := slices.IndexFunc(f.Tensors, func(t checkpoint.Tensor) bool { return t.Name == at.Name })
		if i < 0 {
			return fmt.Errorf("score: LoadWeights: parameter %s: the file has no tensor %s: %w", e.Name, at.Name, ErrMismatch)
		}
		t, shape := &f.Tensors[i], []int{e.Rows, e.Cols}
		if at.Transposed {
			slices.Reverse(shape)
		}
		if !slices.Equal(t.Shape, shape) && !(e.Rows == 1 && slices.Equal(t.Shape, []int{e.Cols})) {
			return fmt.Errorf("score: LoadWeights: parameter %s: tensor %s has shape %v, want %v: %w", e.Name, at.Name, t.Shape, shape, ErrMismatch)
		}
		v, ok := t.Data.([]float32)
		if double, is := t.Data.([]float64); is {
			v, ok = narrow(v, double), true
		}
		if !ok {
			return fmt.Errorf("score: LoadWeights: parameter %s: tensor %s has dtype %s, want F16, BF16, F32 or F64: %w", e.Name, at.Name, t.DType(), ErrMismatch)
		}
		if k := indexNonFinite(v); k >= 0 {
			return fmt.Errorf("score: LoadWeights: number %d of tensor %s is %v: %w", k, at.Name, v[k], ErrNonFinite)
		}
		for k, x := range v {
			to := k
			if at.Transposed {
				to = k%e.Rows*e.Cols + k/e.Rows
			}
			theta[e.Offset+to] = x
		}
	}
	m.setWeights(theta)
	m.calibrated = true
	return nil
}

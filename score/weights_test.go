package score

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/sde"
)

// untimed is a network that is not told the time.
type untimed struct{ Net nn.Module }

func (u untimed) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	c := *b
	c.Time = nil
	return u.Net.Apply(&c, x)
}

// linear is a file as safetensors.torch.save_file writes it for
// torch.nn.Sequential of Linear(2, 3), SiLU, Linear(3, 2), with its weights in
// float32 of shape [out, in].
func linear(change func(header string) string) []byte {
	header := `{"__metadata__":{"format":"pt"},"0.bias":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"0.weight":{"dtype":"F32","shape":[3,2],"data_offsets":[12,36]},` +
		`"2.bias":{"dtype":"F32","shape":[2],"data_offsets":[36,44]},"2.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[44,68]}}`
	for len(header)%8 != 0 {
		header += " "
	}
	header = change(header)
	b := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	for _, v := range []float32{
		0.1, -0.2, 0.3, // 0.bias
		1, 2, 3, 4, 5, 6, // 0.weight: rows (1 2), (3 4), (5 6)
		-1, 0.5, // 2.bias
		1, -1, 2, 0, 3, -2, // 2.weight: rows (1 −1 2), (0 3 −2)
	} {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func same(header string) string { return header }

func replaced(old, new string) func(string) string {
	return func(h string) string { return string(bytes.Replace([]byte(h), []byte(old), []byte(new), 1)) }
}

// sequential names PyTorch's layers 0 and 2.
func sequential(parameter string) TensorName {
	n := PyTorch(parameter)
	n.Name = map[string]string{"hidden0.weight": "0.weight", "hidden0.bias": "0.bias", "output.weight": "2.weight", "output.bias": "2.bias"}[parameter]
	return n
}

func TestWeightsOfPyTorchGiveItsNumbers(t *testing.T) {
	f, err := checkpoint.Read(bytes.NewReader(linear(same)))
	require.NoError(t, err)
	m, err := New(2, &Config{Net: untimed{nn.MLP{Hidden: []int{3}}}, Process: sde.VE{}, Precond: X0{}, MinNoise: None})
	require.NoError(t, err)
	require.NoError(t, m.LoadWeights(f, sequential))
	x := []float64{0.4, -0.7}
	const σ = 1.0
	at := sde.TimeAt(m.Process(), -math.Log(σ))
	in := [2]float64{x[0] / math.Sqrt2, x[1] / math.Sqrt2}
	silu := func(z float64) float64 { return z / (1 + math.Exp(-z)) }
	h := [3]float64{silu(in[0] + 2*in[1] + 0.1), silu(3*in[0] + 4*in[1] - 0.2), silu(5*in[0] + 6*in[1] + 0.3)}
	D := [2]float64{h[0] - h[1] + 2*h[2] - 1, 3*h[1] - 2*h[2] + 0.5}
	s := mat.NewDense(1, 2, nil)
	m.Unconditional().Score(s, mat.NewDense(1, 2, x), []float64{at})
	for j := range 2 {
		require.InDelta(t, (D[j]-x[j])/(σ*σ), s.At(0, j), 2e-6)
	}
	frame := m.Frame()
	fit(t, m, moons(), quick(1))
	require.Equal(t, frame, m.Frame(), "training goes on in the same coordinates")

	// The same numbers in float64, and a bias as a matrix of one row.
	for i := range f.Tensors {
		f.Tensors[i].Data = widen(f.Tensors[i].Data.([]float32))
	}
	f.Tensors[0].Shape = []int{1, 3}
	double, err := New(2, &Config{Net: untimed{nn.MLP{Hidden: []int{3}}}, Process: sde.VE{}, Precond: X0{}, MinNoise: None, Seed: 5})
	require.NoError(t, err)
	require.NoError(t, double.LoadWeights(f, sequential))
	again := mat.NewDense(1, 2, nil)
	double.Unconditional().Score(again, mat.NewDense(1, 2, x), []float64{at})
	require.Equal(t, s, again)
}

// halved is the file of linear in half precision, F16 for what float16 holds
// exactly and BF16 for the biases, whose last digits it cuts off.
func halved() []byte {
	header := `{"__metadata__":{"format":"pt"},"0.bias":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]},"0.weight":{"dtype":"F16","shape":[3,2],"data_offsets":[6,18]},` +
		`"2.bias":{"dtype":"BF16","shape":[2],"data_offsets":[18,22]},"2.weight":{"dtype":"F16","shape":[2,3],"data_offsets":[22,34]}}`
	b := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	for _, h := range []uint16{
		0x3dcc, 0xbe4c, 0x3e99, // 0.0996…, −0.199…, 0.298…
		0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600,
		0xbf80, 0x3f00,
		0x3c00, 0xbc00, 0x4000, 0x0000, 0x4200, 0xc000,
	} {
		b = binary.LittleEndian.AppendUint16(b, h)
	}
	return b
}

func TestWeightsOfHalfPrecisionAreLoaded(t *testing.T) {
	m := newModel(t, 2, Config{Net: untimed{nn.MLP{Hidden: []int{3}}}})
	want := newModel(t, 2, Config{Net: untimed{nn.MLP{Hidden: []int{3}}}})
	half, err := checkpoint.Read(bytes.NewReader(halved()))
	require.NoError(t, err)
	whole, err := checkpoint.Read(bytes.NewReader(linear(same)))
	require.NoError(t, err)
	for i, v := range whole.Tensors[0].Data.([]float32) { // what bfloat16 keeps of 0.bias
		whole.Tensors[0].Data.([]float32)[i] = math.Float32frombits(math.Float32bits(v) &^ 0xffff)
	}
	require.NoError(t, m.LoadWeights(half, sequential))
	require.NoError(t, want.LoadWeights(whole, sequential))
	require.Equal(t, state(want), state(m))
}

func TestWeightsThatDoNotFitAreRefused(t *testing.T) {
	for want, c := range map[string]struct {
		change func(string) string
		edit   func(f *checkpoint.File)
		names  func(string) TensorName
	}{
		"parameter hidden0.weight: the file has no tensor hidden0.weight":       {same, nil, PyTorch},
		"parameter hidden0.weight: tensor 0.weight has shape [3 2], want [2 3]": {same, nil, func(p string) TensorName { return TensorName{Name: sequential(p).Name} }},
		"parameter hidden0.bias: tensor 0.bias has shape [3 1], want [1 3]":     {replaced(`"shape":[3],`, `"shape":[3,1],`), nil, sequential},
		"parameter output.bias: tensor 2.bias has dtype BOOL, want F16, BF16":   {replaced(`"F32","shape":[2],"data_offsets":[36,44]`, `"BOOL","shape":[8],"data_offsets":[36,44]`), func(f *checkpoint.File) { f.Tensors[2].Shape = []int{2} }, sequential},
		"parameter output.bias: tensor 2.bias has dtype I64, want F16, BF16":    {replaced(`"F32","shape":[2],"data_offsets":[36,44]`, `"I64","shape":[1],"data_offsets":[36,44]`), func(f *checkpoint.File) { f.Tensors[2].Shape = []int{2} }, sequential},
		"number 4 of tensor 0.weight is NaN":                                    {same, func(f *checkpoint.File) { f.Tensors[1].Data.([]float32)[4] = float32(math.NaN()) }, sequential},
	} {
		f, err := checkpoint.Read(bytes.NewReader(linear(c.change)))
		require.NoError(t, err, want)
		if c.edit != nil {
			c.edit(f)
		}
		m := newModel(t, 2, Config{Net: untimed{nn.MLP{Hidden: []int{3}}}})
		before, answer := state(m), scores(m)
		err = m.LoadWeights(f, c.names)
		require.ErrorContains(t, err, "score: LoadWeights: ")
		require.ErrorContains(t, err, want)
		require.Equal(t, before, state(m))
		require.Equal(t, answer, scores(m))
	}
}

func TestPyTorchNames(t *testing.T) {
	require.Equal(t, TensorName{"hidden0.weight", true}, PyTorch("hidden0.weight"))
	require.Equal(t, TensorName{"hidden0.bias", false}, PyTorch("hidden0.bias"))
	require.Equal(t, TensorName{"hidden0.scale", false}, PyTorch("hidden0.scale"))
}

package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every pattern of both formats, against (−1)^s 2^(e−bias) (1 + f/2^bits), which
// for e = 0 is (−1)^s 2^(1−bias) f/2^bits.
func TestEveryHalfIsReadExactly(t *testing.T) {
	const patterns = 1 << 16
	var data []byte
	for h := range patterns {
		data = binary.LittleEndian.AppendUint16(data, uint16(h))
	}
	for _, c := range []struct {
		dtype      string
		bits, bias int // of the fraction and of the exponent
	}{{"F16", 10, 15}, {"BF16", 7, 127}} {
		t.Run(c.dtype, func(t *testing.T) {
			header := fmt.Sprintf(`{"x":{"dtype":%q,"shape":[256,256],"data_offsets":[0,%d]}}`, c.dtype, 2*patterns)
			f, err := Read(bytes.NewReader(file(header, string(data))))
			require.NoError(t, err)
			require.Equal(t, []int{256, 256}, f.Tensors[0].Shape)
			got := f.Tensors[0].Data.([]float32)
			require.Len(t, got, patterns)
			nan, infinite, denormal := 0, 0, 0
			for h, v := range got {
				e, fraction := h>>c.bits&(1<<(15-c.bits)-1), float64(h&(1<<c.bits-1))
				want := math.Ldexp(1+fraction/math.Ldexp(1, c.bits), e-c.bias)
				switch {
				case e == 1<<(15-c.bits)-1 && fraction > 0:
					nan++
					require.True(t, math.IsNaN(float64(v)), "%04x is %v", h, v)
					require.Equal(t, h>>15 == 1, math.Signbit(float64(v)), "%04x", h)
					continue
				case e == 1<<(15-c.bits)-1:
					infinite++
					want = math.Inf(1)
				case e == 0:
					denormal++
					want = math.Ldexp(fraction, 1-c.bias-c.bits)
				}
				if h >= patterns/2 {
					want = -want
				}
				if float64(v) != want || math.Signbit(float64(v)) != math.Signbit(want) {
					require.Equal(t, want, float64(v), "%04x", h)
				}
			}
			require.Equal(t, []int{2*1<<c.bits - 2, 2, 2 << c.bits}, []int{nan, infinite, denormal})
		})
	}
}

// The bytes that safetensors.torch.save_file makes of half-precision tensors:
// those of more bytes an element come first.
func TestReadsForeignHalves(t *testing.T) {
	header := `{"__metadata__":{"format":"pt"},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},` +
		`"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},"w":{"dtype":"F16","shape":[3,1],"data_offsets":[8,14]}}`
	f, err := Read(bytes.NewReader(file(header, "\x00\x00\x00\x3f"+"\x49\x40\x80\xbf"+"\x00\x3c\xff\x7b\x01\x80")))
	require.NoError(t, err)
	require.Equal(t, []Tensor{
		{"s", []int{}, []float32{0.5}},
		{"b", []int{2}, []float32{3.140625, -1}},
		{"w", []int{3, 1}, []float32{1, 65504, -0x1p-24}},
	}, f.Tensors)
	again, err := Read(bytes.NewReader(encode(t, f)))
	require.NoError(t, err)
	require.Equal(t, f.Tensors, again.Tensors, "they are written as float32")
}

package checkpoint

import (
	"encoding/binary"
	"io"
	"math"
)

// readHalves reads numbers of two bytes, which float32 holds without rounding.
func readHalves(r io.Reader, n int, convert func(uint16) float32) ([]float32, error) {
	return readChunks(r, n, 2, func(dst []float32, b []byte) {
		for i := range dst {
			dst[i] = convert(binary.LittleEndian.Uint16(b[2*i:]))
		}
	})
}

// float16 returns the value of an IEEE 754 binary16: a sign, five bits of
// exponent with bias 15 and ten of fraction. A NaN keeps its payload.
func float16(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15), uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0: // denormal, a multiple of 2^−24
		return math.Float32frombits(sign<<31 | math.Float32bits(float32(fraction)*0x1p-24))
	case 0x1f:
		exponent = 0xff
	default:
		exponent += 127 - 15
	}
	return math.Float32frombits(sign<<31 | exponent<<23 | fraction<<13)
}

// bfloat16 returns the value of a bfloat16, the upper half of a float32.
func bfloat16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

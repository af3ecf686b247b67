package kernel

//go:generate go -C gen run .

// path is a set of instructions that kernels are written in. On amd64 a greater path
// includes the smaller ones.
type path uint8

const (
	portable path = iota // Go
	avx2                 // AVX2 and FMA
	avx512               // and AVX-512 F, VL, DQ and BW, and BMI2
	neon                 // arm64, every processor of which has it
)

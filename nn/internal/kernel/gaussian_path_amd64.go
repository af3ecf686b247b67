//go:build !purego

package kernel

// gaussianFast is GaussianSums in assembly, on the blocks of one call at a time.
func gaussianFast(sums, refs, at []float32, d int) bool {
	if using == portable {
		return false
	}
	size := d * GaussianBlock
	for len(refs) > 0 {
		n := min(len(refs)/size, max(1, longest/size))
		gaussianBlocks(bytes(sums), bytes(refs), bytes(at), d, n)
		refs = refs[n*size:]
	}
	return true
}

func gaussianBlocks(sums, refs, at *byte, d, blocks int) {
	wide := using == avx512
	switch {
	case d == 1 && wide:
		gaussian1AVX512(sums, refs, at, blocks)
	case d == 1:
		gaussian1AVX2(sums, refs, at, blocks)
	case d == 2 && wide:
		gaussian2AVX512(sums, refs, at, blocks)
	case d == 2:
		gaussian2AVX2(sums, refs, at, blocks)
	case d == 3 && wide:
		gaussian3AVX512(sums, refs, at, blocks)
	case d == 3:
		gaussian3AVX2(sums, refs, at, blocks)
	case wide:
		gaussianNAVX512(sums, refs, at, d, blocks)
	default:
		gaussianNAVX2(sums, refs, at, d, blocks)
	}
}

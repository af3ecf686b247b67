//go:build (amd64 || arm64) && !purego

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
	switch d {
	case 1:
		gaussian1Assembly(sums, refs, at, blocks)
	case 2:
		gaussian2Assembly(sums, refs, at, blocks)
	case 3:
		gaussian3Assembly(sums, refs, at, blocks)
	default:
		gaussianNAssembly(sums, refs, at, d, blocks)
	}
}

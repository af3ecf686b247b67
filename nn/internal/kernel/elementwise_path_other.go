//go:build !(amd64 || arm64) || purego

package kernel

// There is no assembly.
func unaryFast[T Float](op UnaryOp, dst, g, x []T, p T) bool          { return false }
func vectorsFast[T Float](op BinaryOp, dst, a, b []T) bool            { return false }
func vectorNumberFast[T Float](op BinaryOp, dst, a []T, b T) bool     { return false }
func numberVectorFast[T Float](op BinaryOp, dst []T, a T, b []T) bool { return false }
func fillFast[T Float](dst []T, c T) bool                             { return false }
func sumRowsFast[T Float](dst, x []T, r, n int) bool                  { return false }
func sumSquaresFast[T Float](sums *[16]float64, x []T) []T            { return x }
func adamFast[T Float](theta, m, v, grad []T, k *adamNumbers[T]) bool { return false }
func gatherFast[T Float](dst, x []T, runs []Run, base int) bool       { return false }
func scatterFast[T Float](dst, x []T, runs []Run, base int) bool      { return false }
func sumColsFast[T Float](dst, x []T, r, n int) int                   { return 0 }
func softmaxSlopeFast[T Float](dst, g, y []T, r, n int) bool          { return false }
func rowDotsFast[T Float](dst, a, b []T, r, n int) bool               { return false }
func normSlopeFast[T Float](dst, g, y, s []T, r, n int, over T) bool  { return false }
func softmaxFast[T Float](dst, x []T, r, n int) bool                  { return false }
func emaFast[T Float](shadow, theta []T, gain T) bool                 { return false }
func adamEMAFast[T Float](theta, m, v, grad, shadow []T, k *adamNumbers[T]) bool {
	return false
}

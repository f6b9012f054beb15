// Package spelling tells how far a wrong name is from a right one, for errors that ask "did you mean …?".
package spelling

// Distance counts the single bytes to insert, delete or replace to make b of a (Levenshtein's distance), row by row. The work grows
// with the product of both lengths.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

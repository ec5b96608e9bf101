//! [`Projection`]: what REDUCE makes of vectors before they are kept.

/// A matrix that vectors are multiplied with, to have fewer (or more) components.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    input_dim: usize,
    /// Row by row.
    matrix: Vec<f32>,
}

impl Projection {
    /// Redis's matrix: the upper left corner of a Walsh-Hadamard matrix, scaled by the number of columns.
    pub fn new(input_dim: usize, output_dim: usize) -> Projection {
        let scale = 1.0 / (input_dim as f32).sqrt();
        let entry = |row: usize, column: usize| match (row & column).count_ones() % 2 {
            0 => scale,
            _ => -scale,
        };
        let rows = 0..output_dim;
        let matrix = rows.flat_map(|row| (0..input_dim).map(move |column| entry(row, column)));
        Projection {
            input_dim,
            matrix: matrix.collect(),
        }
    }

    /// The projection with this matrix, row by row.
    pub fn from_matrix(input_dim: usize, matrix: Vec<f32>) -> Projection {
        Projection { input_dim, matrix }
    }

    /// How many components vectors must have.
    pub fn input_dim(&self) -> usize {
        self.input_dim
    }

    /// The matrix, row by row.
    pub fn matrix(&self) -> &[f32] {
        &self.matrix
    }

    /// The product of the matrix and a vector.
    pub fn apply(&self, vector: &[f32]) -> Vec<f32> {
        let rows = self.matrix.chunks_exact(self.input_dim);
        rows.map(|row| row.iter().zip(vector).fold(0.0, |sum, (m, x)| sum + m * x))
            .collect()
    }
}

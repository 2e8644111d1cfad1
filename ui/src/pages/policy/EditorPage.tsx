export function NewPolicyPage() {
  return <h1>New policy</h1>;
}
export function EditPolicyPage() {
  return <h1>Edit</h1>;
}

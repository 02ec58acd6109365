"""The live side of chats: who is connected, what each is sent, and what is being spoken."""
